"""What the reader has chosen, page by page: parsed from the URL, checked against the build, kept in one store.

``base`` holds what every page shares; a page that has controls has a module of its own beside it.
"""
