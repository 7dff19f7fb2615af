"""Repeatable measurements, and the simple random residents they run on.

Nothing here is imported by the product; nothing here fails a test for being slow.
"""
