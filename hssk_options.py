"""The options of the command line: their types and what ``--help`` says of them."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer


class Engine(StrEnum):
    """What runs the person SQL of a build."""

    duckdb = "duckdb"
    spark = "spark"


class KeyName(StrEnum):
    """The keys that can be replaced."""

    linkage = "linkage"
    pseudonym = "pseudonym"
    record = "record"
    all = "all"


class GeographyName(StrEnum):
    """Geographies of the outlines."""

    district = "district"
    unit = "unit"


class Form(StrEnum):
    """Forms of an answer."""

    table = "table"
    json = "json"


class ExtractForm(StrEnum):
    """Forms of extract files."""

    parquet = "parquet"
    csv = "csv"


class Scenario(StrEnum):
    """Scenarios of the synthetic city."""

    calm = "calm"
    realistic = "realistic"
    hostile = "hostile"


class QueryForm(StrEnum):
    """Forms of a table of numbers."""

    table = "table"
    json = "json"
    csv = "csv"
    parquet = "parquet"


Folders = Annotated[list[Path], typer.Argument(help="Folders of extract files.", metavar="DIR...")]
Home = Annotated[Path | None, typer.Option("--home", help="Data folder; default HSSK_HOME or ./data.")]
FhirShare = Annotated[
    float, typer.Option(min=0, max=1, help="Share of the facilities that send FHIR resources, not tables.")
]
XmlShare = Annotated[
    float,
    typer.Option(
        min=0, max=1, help="Share of the facilities that send visits as health XML where it can tell them."
    ),
]
ExamineAll = Annotated[
    bool,
    typer.Option(
        "--examine-all",
        help="Also examine everybody, in OUT/check: built with the extracts into a home of its own, "
        "`hssk accuracy` tells what definitions get wrong of everybody.",
    ),
]
Truth = Annotated[
    Path | None,
    typer.Option("--truth", help="truth_counts.parquet of a synthetic city, shown beside its estimates."),
]
Accept = Annotated[
    str | None,
    typer.Option(
        help="Why deliveries that a guard stops (refused rows, row count, dates) are taken all the same."
    ),
]
Revise = Annotated[
    str | None,
    typer.Option(help="Publish frozen quarters anew as a further vintage: all, or like 2024Q2,2024Q3."),
]
Reason = Annotated[str | None, typer.Option(help="Why they are revised; told wherever they are.")]
Withdraw = Annotated[
    bool, typer.Option("--withdraw", help="With --revise all: keep no older vintage (a person was erased).")
]
Vintage = Annotated[
    int | None, typer.Option(help="Of the frozen quarters: 1 the first published; default the newest.")
]
Quantity = Annotated[
    str | None,
    typer.Option(help="Of a distribution or mean: body_mass_index, systolic, fasting_glucose, ..."),
]
Format = Annotated[Form, typer.Option("--format", help="Table for people, JSON for programs.")]
AsOf = Annotated[str | None, typer.Option(help="Build id; default the current one.")]
By = Annotated[str, typer.Option(help="Comma list: district, sex, age_band.")]
Period = Annotated[str | None, typer.Option(help="Quarter like 2024Q4; default the newest.")]
NumbersForm = Annotated[QueryForm, typer.Option("--format")]
Output = Annotated[Path | None, typer.Option("--output", "-o", help="File to write, for csv and parquet.")]
Condition = Annotated[str | None, typer.Option(help="hypertension, diabetes, bmi; see --list.")]
Definition = Annotated[str | None, typer.Option(help="Variant of the case definition.")]
Estimator = Annotated[
    str,
    typer.Option(
        help="crude, standardised; of all residents: weighted, modelled, misclassification (without what "
        "the definition gets wrong)."
    ),
]
Standard = Annotated[str | None, typer.Option(help="who_world_2000, vietnam, city or a CSV file.")]
Ages = Annotated[str | None, typer.Option(help="Like 18+ or 18-69.")]
AgeBands = Annotated[str | None, typer.Option(help="Like 18-29,30-39,40+; with --by age_band.")]
Where = Annotated[list[str] | None, typer.Option(help="Like district=760,761; may be repeated.")]
Confidence = Annotated[float, typer.Option(help="Confidence level of the interval.")]
Method = Annotated[
    str | None, typer.Option(help="wilson, clopper_pearson; standardised: dobson_byar, fay_feuer.")
]
Classes = Annotated[str | None, typer.Option(help="Cut-offs of a distribution: who, asian, vietnam.")]
Exact = Annotated[bool, typer.Option("--exact", help="Exact small counts; written to the audit log.")]
