"""The screen: the only place in nxcc that imports streamlit. Pages and app.py put its parts together."""
