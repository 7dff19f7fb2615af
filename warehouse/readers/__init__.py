"""Readers: one module per family of formats, each giving rows for the same contracts."""
