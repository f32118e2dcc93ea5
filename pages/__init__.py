"""The screens, one a file: `render()` draws it. With a folder of this name Streamlit may run a page file directly."""
