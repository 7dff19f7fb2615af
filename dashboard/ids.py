"""Every component id of the dashboard comes from here. A test checks that each one a callback names stands in a layout.

The frame has ids of its own; what belongs to a page begins with the page's name, what belongs to a card with the
card's, which itself begins with its page: ``ncd-sex``, ``ncd-map-title``.
"""

from __future__ import annotations

# The frame around every page.
ROOT = "root"
ADDRESS = "address"
PAGE = "page"
THEME = "theme"
BANNER = "banner"
STAMP = "stamp"
NOTICES = "notices"
FAULT = "fault"
CONTENT = "content"


def of(page: str, name: str) -> str:
    """The id of a control, a store or a sentence of a page."""
    return f"{page}-{name}"


def card(name: str, part: str) -> str:
    """The id of a part of a chart card: title, subtitle, chart, table, summary, source and the like, or a graph."""
    return f"{name}-{part}"
