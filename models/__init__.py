"""Floor three: models, from counts to estimates.

A model reads protected counts from a sealed generation through ``analytics`` and returns estimates: posterior
draws, their summaries and their diagnostics. It sees counts, never people; where person rows are needed to fit
something, ``warehouse`` hands out a feature frame and only coefficients and counts come back.

This package may import ``analytics`` and ``warehouse``; ``dashboard`` and ``hssk`` may import it.
"""
