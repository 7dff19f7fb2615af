"""The only door from the dashboard to numbers: a Selection and a Viewer in, frames out.

Every question goes through ``analytics.query``; nothing here counts. ``source`` opens generations and keeps answers;
each page has a module of its own beside it.
"""
