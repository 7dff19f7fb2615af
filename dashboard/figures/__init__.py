"""Pure functions from frames and words to plotly figures. No clock, no file, no question asked here.

A frame of places has the columns ``district, name, short, numerator, denominator, value, lower, upper, state,
reason``; shares are between 0 and 1; ``state`` is shown, suppressed, no_data or not_defined.
"""
