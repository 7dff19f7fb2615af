"""What share of people with one raised day, and nothing else, have the disease: learned from those measured again.

The prior (:class:`analytics.two_part.Priors`) is a Beta distribution; people whose first raised day was followed by
another reading add to it, raised again to one side and not to the other: the conjugate update gives its mean. Its width
stays that of the prior. They are not the people it is wanted for (somebody measured again may differ from somebody who
was not), and a second raised day is not yet the disease; no number of them makes that surer. (Worth a hundred people,
or ten, the interval of the synthetic city missed its truth.)
"""

from __future__ import annotations

import polars as pl

from analytics.catalogue import Quarter, Variant
from analytics.disclosure import SMALLEST_DENOMINATOR
from analytics.generation import Generation, noise_of, read_sql
from analytics.hiding import SMALLEST_COUNT
from analytics.two_part import PRIORS

MART = "mart_persistence"


def persistence(generation: Generation, variant: Variant, quarter: Quarter) -> tuple[float, float]:
    """Beta parameters for one definition and quarter; those of the prior where the build has no counts."""
    if MART not in generation.manifest.get("fingerprints", {}):
        return PRIORS.persistence
    asked = {"measure_id": variant.measure_id, "quarter_index": quarter.index}
    found = generation.frame(read_sql("persistence_cells"), asked)
    pairs = [(name, f"{name}_key") for name in ("people", "raised_again")]
    shown = noise_of(generation).protect(found, pairs).select(pl.col("people", "raised_again").sum())
    people, again = (int(one or 0) for one in shown.row(0))
    return updated(PRIORS.persistence, people, min(again, people))


def updated(prior: tuple[float, float], people: int, raised_again: int) -> tuple[float, float]:
    """The prior at the mean that the counts give it; the prior alone where they are too few to be shown."""
    others = people - raised_again
    if people < SMALLEST_DENOMINATOR or min(raised_again, others) < SMALLEST_COUNT:
        return prior
    width = sum(prior)
    mean = (prior[0] + raised_again) / (width + people)
    return width * mean, width * (1 - mean)
