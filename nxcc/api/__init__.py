"""The vendor's API: `protocol` (sign, build, decode: values in, values out) and `client` (send, retry, pace)."""
