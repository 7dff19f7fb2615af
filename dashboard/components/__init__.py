"""Pieces of pages: pure functions from words and frames to Dash components. They ask no question themselves."""
