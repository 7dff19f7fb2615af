"""Queries on the marts, one SELECT per file; values come as ``$name`` parameters only."""
