"""Ways to ask for many order ids, each a program: ids on stdin, the account in the environment, one JSON line.

All of them sign with nxcc's own functions; only nxcc keeps what it is told.
"""
