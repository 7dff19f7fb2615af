"""``hssk fit``: which models a generation gets, and how their estimates become part of a generation.

A published generation never changes: fitting anew publishes a new one whose marts are the same file (a hard link).
"""

from __future__ import annotations

import json
import os
import time
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from datetime import date, datetime
from pathlib import Path
from typing import Any

import polars as pl

from analytics.catalogue import Quarter, Variant, catalogue
from analytics.frame import channel_cells, frame_cells
from analytics.generation import Generation, read_sql
from analytics.persistence import persistence
from analytics.score import ANSWER_SCHEMA, laid_beside
from models.prevalence import DRAWS, SEED, Fit
from models.prevalence import fit as fit_prevalence
from models.store import write_estimates
from warehouse import publish
from warehouse.errors import UserError
from warehouse.fault_points import check_name
from warehouse.generation_files import BUILDS, FROZEN, MANIFEST, MARTS
from warehouse.geography import neighbours
from warehouse.lock import build_lock
from warehouse.settings import Settings

Progress = Callable[[str, str], None]
#: Fewer assessed people in the whole city teach nothing worth a model.
SMALLEST_CITY = 300


@dataclass(frozen=True, kw_only=True)
class Fitted:
    """One fit, for the person who started it. ``faults``: why it may not be shown, empty when it may."""

    condition: str
    variant: str
    quarter: str
    assessed: int
    seconds: float
    faults: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class FitReport:
    """What a run of ``hssk fit`` did."""

    build_id: str
    fits: tuple[Fitted, ...]
    seconds: float


def fit(
    settings: Settings,
    *,
    now: datetime,
    build: str | None = None,
    truth: Path | None = None,
    progress: Progress = lambda stage, what: None,
) -> FitReport:
    """Fit the models of a published build (else the current one) and publish a new generation with the same marts.

    ``truth``: see :func:`into`. Raises UserError when there is no build or another one runs.
    """
    check_name(settings.fault)
    started = time.perf_counter()
    with build_lock(settings.home, now):
        old = Generation.open(settings.home, build)
        if not (old.folder / FROZEN).exists():
            raise UserError(
                "the build has no frozen quarters to learn from",
                field="build",
                value=old.build_id,
                expected="a build of this version",
                action="Run `hssk build` with the folders of all files and --full",
            )
        staged = publish.stage(settings.home)
        for name in (MARTS, FROZEN):
            os.link(old.folder / name, staged / name)
        # Read from the staged folder, as after a build: what is fitted is what is published.
        estimates = into(staged, old.manifest, progress, truth=truth)
        build_id = publish.new_build_id(
            settings.home, date.fromisoformat(old.extract_date), old.manifest["fingerprints"]
        )
        manifest = {
            **old.manifest,
            "build_id": build_id,
            "created_at": now.isoformat(timespec="seconds"),
            "estimates": estimates,
        }
        publish.publish(settings.home, staged, build_id, manifest, old.lineage, fault=settings.fault)
        publish.retire(settings.home, now)
    return FitReport(
        build_id=build_id,
        fits=tuple(Fitted(**item) for item in estimates["fits"]),
        seconds=time.perf_counter() - started,
    )


def into(
    staged: Path, manifest: Mapping[str, Any], progress: Progress, *, truth: Path | None = None
) -> dict[str, Any]:
    """Fit every model to the marts of a staged generation and write the estimates beside them.

    ``truth``: the counts of what is really so in a synthetic city, laid beside the estimates to be compared with; a
    build of real data has none, and refuses it (UserError). Returns what the manifest says of the estimates: code
    version, seed, and each fit with its faults.
    """
    if staged.parent.name != BUILDS:
        raise ValueError("a generation is staged in the folder of builds")
    known = _truth(truth, is_synthetic=bool(manifest["synthetic"]))
    (staged / MANIFEST).write_text(json.dumps(manifest, default=str), encoding="utf-8")
    generation = Generation(staged.parents[1], staged.name, is_frozen=True)
    try:
        estimates = _fit_all(generation, staged, known, progress)
        answers = _judged(generation, known, progress)
    finally:
        generation.close()
    write_estimates(staged, {"synthetic_score": answers})
    return estimates


def _judged(generation: Generation, truth: pl.DataFrame, progress: Progress) -> pl.DataFrame:
    """Every answer beside its truth; no rows where none is known."""
    if truth.is_empty():
        return pl.DataFrame(schema=ANSWER_SCHEMA)
    progress("score", "every estimate beside the truth")
    return laid_beside(generation.live, generation.estimates(read_sql("synthetic_truth_place")))


def _truth(path: Path | None, *, is_synthetic: bool) -> pl.DataFrame:
    if path is None:
        return pl.DataFrame(schema=TRUTH_SCHEMA)
    if not is_synthetic:
        raise UserError(
            "real data has no known truth", field="--truth", value=path.name, expected="a synthetic build"
        )
    try:
        return pl.read_parquet(path).select(pl.col(name).cast(kind) for name, kind in TRUTH_SCHEMA.items())
    except (OSError, pl.exceptions.PolarsError) as error:
        raise UserError(
            "not the counts of a synthetic truth",
            file=str(path),
            field="--truth",
            expected="truth_counts.parquet as `hssk synthesize` writes it",
        ) from error


def _fit_all(generation: Generation, staged: Path, truth: pl.DataFrame, progress: Progress) -> dict[str, Any]:
    known = catalogue(generation)
    variants = [item for item in known.variants if item.measure_id in known.framed]
    rows: list[dict[str, Any]] = []
    effects = [pl.DataFrame(schema=_EFFECT_SCHEMA)]
    fits: list[Fitted] = []
    for variant in variants:
        for quarter in known.quarters:
            cells = channel_cells(generation, variant, quarter, frame_cells(generation, variant, quarter))
            assessed = int(cells["assessed"].sum())
            if assessed < SMALLEST_CITY:
                continue
            progress("fit", f"{variant.condition} {quarter.name}")
            started = time.perf_counter()
            found = fit_prevalence(cells, neighbours(), persistence=persistence(generation, variant, quarter))
            seconds = time.perf_counter() - started
            fits.append(
                Fitted(
                    condition=variant.condition,
                    variant=variant.variant,
                    quarter=quarter.name,
                    assessed=assessed,
                    seconds=round(seconds, 3),
                    faults=found.diagnostics.faults,
                )
            )
            rows.append(_fit_row(variant, quarter, assessed, seconds, found))
            effects.append(_effect_rows(variant, quarter, found))
    tables = {
        "estimate_fit": pl.DataFrame(rows, schema=_FIT_SCHEMA),
        "estimate_effect": pl.concat(effects),
        "synthetic_truth": truth,
    }
    write_estimates(staged, tables)
    return {
        "code_version": publish.code_version(),
        "seed": SEED,
        "draws": DRAWS,
        "fits": [asdict(item) for item in fits],
    }


TRUTH_SCHEMA = {
    **dict.fromkeys(("quarter", "condition", "variant", "district", "sex"), pl.String),
    "age": pl.Int16,
    "people": pl.Int64,
    "cases": pl.Int64,
}
_KEY = {"measure_id": pl.Int16, "quarter_index": pl.Int16}
_FIT_SCHEMA: dict[str, Any] = {
    **_KEY,
    "assessed": pl.Int64,
    "runs": pl.Int16,
    "faults": pl.List(pl.String),
    "is_converged": pl.Boolean,
    "effective_points": pl.Float64,
    "dispersion": pl.Float64,
    "covered": pl.Float64,
    "sigma_district": pl.Float64,
    "phi": pl.Float64,
    "sigma_age": pl.Float64,
    "sigma_cell": pl.Float64,
    "seconds": pl.Float64,
}
_EFFECT_SCHEMA: dict[str, Any] = {
    **_KEY,
    "effect": pl.String,
    "district": pl.String,
    "sex": pl.String,
    "age_from": pl.Int16,
    "draws": pl.List(pl.Float32),
}


def _fit_row(variant: Variant, quarter: Quarter, assessed: int, seconds: float, found: Fit) -> dict[str, Any]:
    return {
        "measure_id": variant.measure_id,
        "quarter_index": quarter.index,
        "assessed": assessed,
        "runs": found.runs,
        "faults": list(found.diagnostics.faults),
        **asdict(found.diagnostics),
        **found.theta,
        "seconds": seconds,
    }


def _effect_rows(variant: Variant, quarter: Quarter, found: Fit) -> pl.DataFrame:
    return found.layout.names.select(
        pl.lit(variant.measure_id, pl.Int16).alias("measure_id"),
        pl.lit(quarter.index, pl.Int16).alias("quarter_index"),
        pl.all(),
        pl.Series("draws", found.draws.T.tolist(), pl.List(pl.Float32)),
    )
