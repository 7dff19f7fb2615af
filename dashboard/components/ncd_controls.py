"""What the explorer writes when it opens: filled controls, and the frame."""

from __future__ import annotations

from typing import Any

from dashboard.components import controls, opening
from dashboard.selection.ncd import PARTS, QUANTITIES, QUANTITY_OF, NcdOpened
from dashboard.words import Words


def opened(page: NcdOpened, words: Words) -> dict[str, Any]:
    """Everything that opening the page writes, by the names of its outputs."""
    chosen = page.selection
    values = chosen.values()
    labels = {
        "condition": {item["value"]: item["label"] for item in page.conditions},
        "variant": {item["value"]: item["label"] for item in page.variants[chosen.condition]},
    }
    return {
        "conditions": page.conditions,
        "periods": [{"value": period, "label": _period(period, page, words)} for period in page.periods],
        "districts": page.districts,
        **{
            name: values[name]
            for name in (
                "condition",
                "estimator",
                "standard",
                "ages",
                "sex",
                "period",
                "map",
                "geography",
                "truth",
            )
        },
        "truth_hidden": not page.has_truth,
        "catalogue": controls.catalogue(
            "ncd", page.build.build_id, words.language, values, _dependent(page), PARTS
        ),
        **opening.frame(page, chosen, words, labels=labels),
    }


def _dependent(page: NcdOpened) -> dict[str, Any]:
    """Definitions follow the condition, the quantity of the histogram too."""
    quantities = {item["value"]: QUANTITY_OF.get(item["value"], QUANTITIES[0]) for item in page.conditions}
    return {
        "variant": {
            "of": "condition",
            "options": {name: list(items) for name, items in page.variants.items()},
        },
        "quantity": {"of": "condition", "default": quantities},
    }


def _period(period: str, page: NcdOpened, words: Words) -> str:
    """Capitalised, as it stands alone."""
    name = words.quarter(period)
    return name[:1].upper() + name[1:]
