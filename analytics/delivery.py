"""Where an answer goes: to the screen, or to a file, in one of the forms every answer has."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from rich.console import Console, RenderableType

from analytics.question import choose
from warehouse.errors import EXIT_CONFIG, UserError

FORMATS = ("table", "json", "csv", "parquet")


def deliver(
    form: str,
    *,
    content: Callable[[str], bytes],
    table: Callable[[], RenderableType],
    output: Path | None,
    console: Console,
) -> None:
    """Print an answer, or write it to ``output``. Parquet is for files only.

    ``content`` gives the bytes of a form, ``table`` what people read. Raises UserError for an unknown form, and where
    the file cannot be written.
    """
    choose(form, FORMATS, field="format")
    if form == "parquet" and output is None:
        raise UserError(
            "Parquet is not for the screen", field="format", value=form, action="Name a file with --output"
        )
    if form == "table" and output is None:
        console.print(table())
    elif output is None:
        console.file.write(content(form).decode())
    else:
        try:
            output.write_bytes(content(form))
        except OSError as error:
            raise UserError("the file cannot be written", file=str(output), exit_code=EXIT_CONFIG) from error
