"""Attributes whose names are no Python names: ``aria-*`` and ``data-*``."""

from __future__ import annotations

from typing import Any


def aria(**values: str) -> dict[str, Any]:
    """``aria(label="Map")`` gives ``{"aria-label": "Map"}``, to be passed with ``**``."""
    return {f"aria-{name}": value for name, value in values.items()}


def data(**values: str) -> dict[str, Any]:
    """``data(language="vi")`` gives ``{"data-language": "vi"}``."""
    return {f"data-{name}": value for name, value in values.items()}
