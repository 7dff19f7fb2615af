"""Analytics: from counts to protected proportions and rates with their intervals.

Reads sealed generations only (counts, never people). Order of the files, top to bottom: ``render``, ``query``,
``plan``, ``question``, ``catalogue``, ``indicator``, ``generation`` and ``disclosure``, ``standardise``,
``standard``, ``rates`` and ``ages``.
"""
