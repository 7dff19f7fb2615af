"""Outlines of places: official ones imported into the home, checked and simplified, in place of those carried along."""
