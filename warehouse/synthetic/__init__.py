"""A synthetic Ho Chi Minh City whose truth is known: extract files as their owners would send them.

``city.synthesize`` is the way in. The numbers it is calibrated to stand in ``calibration.toml`` and ``districts.csv``
with their sources; what is drawn is sealed in a truth file that never lies among the extracts. Nothing that estimates
may read this package.
"""
