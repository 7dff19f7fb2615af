"""Which files of a folder are extracts, of which table, and their fingerprints."""

from __future__ import annotations

import difflib
import hashlib
import re
import tomllib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from pathlib import Path
from typing import Any, TypeVar

from warehouse.contracts import load_contracts
from warehouse.errors import EXIT_DATA, Fault, UserError
from warehouse.readers import fhir, formats, health_xml, wild
from warehouse.readers.formats import SUFFIXES

MANIFEST = "manifest.toml"
MAPPING = ".mapping.toml"
#: Files of a bulk export that others refer to: a prescription names a drug, a result somebody by an identifier. Exports
#: name files by what they hold; Bundles hold what they refer to.
_LOOKED_UP = re.compile(r"(?i)(^|[^a-z])(medication|patient)($|[^a-z])")
_BLOCK = 1 << 20
_EARLIEST, _LATEST = 2000, 2100
_SCOPE = re.compile(r"[a-z0-9][a-z0-9._-]{0,63}")
T = TypeVar("T")


@dataclass(frozen=True)
class Manifest:
    """``manifest.toml`` of an extract folder; every field may be absent."""

    name: str
    as_of: date | None = None
    synthetic: bool = False
    source: str | None = None
    is_named: bool = False
    """True when ``name`` is written in the manifest, not taken from the folder."""
    scope: str | None = None
    """Within which references hold: equal ones of two scopes are two people, two visits, two results."""

    @property
    def sender(self) -> str | None:
        """Whose records these are, where the manifest states it: versions of others do not replace them."""
        return self.scope or self.source


@dataclass(frozen=True)
class ExtractFile:
    """A file to land. ``logical_name`` = folder / relative path without suffixes: a corrected file with the same
    logical name replaces the rows of the earlier one.
    """

    path: Path
    format: str
    table: str | None
    logical_name: str
    sha256: str
    bytes: int
    manifest: Manifest
    folder: str
    """The folder it was found in, resolved: stays in the people's store."""
    mapping: wild.Mapping | None = None
    beside: tuple[Path, ...] = ()
    """Other files of the same delivery that this one may refer to."""

    @property
    def task(self) -> formats.Task:
        """What a reader needs to know of it."""
        return formats.Task(
            path=self.path, format=self.format, table=self.table, mapping=self.mapping, beside=self.beside
        )


@dataclass(frozen=True)
class Folder:
    """What a folder holds: files to land, and files left alone with the reason."""

    manifest: Manifest
    files: tuple[ExtractFile, ...]
    ignored: tuple[Fault, ...]


def read_folder(folder: Path) -> Folder:
    """Find the extracts of ``folder`` (recursively). Raises :class:`UserError` when there is none."""
    if not folder.is_dir():
        raise UserError(
            "no such folder", file=str(folder), expected="a folder of extract files", exit_code=EXIT_DATA
        )
    manifest = read_manifest(folder)
    nested = sorted(path for path in folder.rglob(MANIFEST) if path.parent != folder)
    if nested:
        raise UserError(
            "a manifest lies below the folder given",
            file=nested[0].relative_to(folder).as_posix(),
            action="Name its folder on the command line, beside this one",
            exit_code=EXIT_DATA,
        )
    files, ignored = _sorted_out(folder, manifest)
    if not files:
        names = ", ".join(load_contracts())
        raise UserError(
            "no extract file in the folder",
            file=str(folder),
            expected=f"files named after {names}",
            exit_code=EXIT_DATA,
        )
    return Folder(manifest, tuple(files), tuple(ignored))


def _sorted_out(folder: Path, manifest: Manifest) -> tuple[list[ExtractFile], list[Fault]]:
    """The extracts of a folder, and what is left alone with the reason."""
    links = sorted(path for path in folder.rglob("*") if path.is_symlink() and path.is_dir())
    ignored = [_left_alone(path, "a linked folder", "a folder named directly") for path in links]
    files: list[ExtractFile] = []
    mappings = wild.read_mappings(folder)
    for path in sorted(item for item in folder.rglob("*") if item.is_file() and item.name != MANIFEST):
        if path.name.endswith(MAPPING):
            continue
        found = _recognised(path, folder, manifest, mappings)
        if isinstance(found, ExtractFile):
            files.append(found)
        else:
            ignored.append(found)
    looked_up = [
        file for file in files if file.format == formats.FHIR and _LOOKED_UP.search(_stem(file.path))
    ]
    return [_beside(file, looked_up) for file in files], ignored


def _beside(file: ExtractFile, looked_up: Sequence[ExtractFile]) -> ExtractFile:
    """A file of resources with those it may refer to: its rows are others when these are, so is its fingerprint."""
    others = [other for other in looked_up if other.path != file.path]
    if file.format != formats.FHIR or not others:
        return file
    parts = " ".join([file.sha256, *(other.sha256 for other in others)])
    sha256 = hashlib.sha256(parts.encode()).hexdigest()
    return replace(file, sha256=sha256, beside=tuple(other.path for other in others))


def _recognised(
    path: Path, folder: Path, manifest: Manifest, mappings: Sequence[wild.Mapping]
) -> ExtractFile | Fault:
    """An extract of a format and a table, or why the file is left alone."""
    form = formats.format_of(path)
    if form is None and fhir.is_export_manifest(path):
        return _left_alone(path, "the manifest of a bulk export: its files are read", "nothing to do")
    if form is None and path.name.lower().endswith((*fhir.SUFFIXES, *health_xml.SUFFIXES)):
        message = "its beginning is neither a FHIR resource nor health XML, or it is damaged"
        return _left_alone(path, message, "a whole file of either")
    if form is None:
        return _left_alone(path, "not a format this program reads", ", ".join(SUFFIXES))
    relative = path.relative_to(folder).as_posix()
    mapping = wild.mapping_for(mappings, relative)
    if mapping is not None and form not in (formats.FHIR, formats.HEALTH_XML):
        return _extract(path, folder, manifest, form=formats.MAPPED, mapping=mapping)
    if form in (formats.FHIR, formats.HEALTH_XML):
        return _extract(path, folder, manifest, form=form)
    table = table_of(path, folder)
    if form == formats.BOOK:
        return _extract(path, folder, manifest, form=form, table=table)
    if table is None:
        return _left_alone(path, "no table of that name", _nearest(path))
    return _extract(path, folder, manifest, form=form, table=table)


def read_manifest(folder: Path) -> Manifest:
    """The folder's ``manifest.toml``; without one, the folder's own name and no more."""
    path = folder / MANIFEST
    if not path.exists():
        return Manifest(name=folder.resolve().name)
    try:
        raw = tomllib.loads(path.read_text(encoding="utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise UserError(f"not valid TOML: {error}", file=MANIFEST, exit_code=EXIT_DATA) from None
    return Manifest(
        name=_typed(raw, "name", str) or folder.resolve().name,
        as_of=_manifest_day(raw.get("as_of")),
        synthetic=_typed(raw, "synthetic", bool) or False,
        source=_typed(raw, "source", str),
        is_named="name" in raw,
        scope=_scope(raw),
    )


def _scope(raw: Mapping[str, Any]) -> str | None:
    scope = _typed(raw, "scope", str)
    if scope is not None and not _SCOPE.fullmatch(scope):
        raise UserError(
            "not a name of a scope",
            file=MANIFEST,
            field="scope",
            expected="small letters, digits, hyphens, dots, like bv-nhan-dan-115",
            exit_code=EXIT_DATA,
        )
    return scope


def _typed(raw: Mapping[str, Any], name: str, kind: type[T]) -> T | None:
    value = raw.get(name)
    if value is not None and not isinstance(value, kind):
        words = {bool: "true or false, without quotation marks", str: "a text in quotation marks"}[kind]
        raise UserError("wrong type", file=MANIFEST, field=name, expected=words, exit_code=EXIT_DATA)
    return value


def _manifest_day(value: object) -> date | None:
    if value is None:
        return None
    if isinstance(value, datetime) or not isinstance(value, (date, str)):
        raise UserError(
            "not a date", file=MANIFEST, field="as_of", expected="like 2024-12-31", exit_code=EXIT_DATA
        )
    return parse_day(str(value), field="as_of")


def parse_day(text: str, *, field: str) -> date:
    """A date like 2024-12-31, or an error that names ``field``."""
    try:
        day = datetime.strptime(text, "%Y-%m-%d").date()  # noqa: DTZ007 (a date has no time zone)
    except ValueError:
        raise UserError("not a date", field=field, value=text, expected="like 2024-12-31") from None
    if not _EARLIEST <= day.year <= _LATEST:
        raise UserError("not a plausible extract date", field=field, value=text, expected="like 2024-12-31")
    return day


def table_of(path: Path, root: Path) -> str | None:
    """The contract a file belongs to, by its own name or a folder's: ``measurement.csv``, ``measurement_2024.csv``,
    ``measurement/part-0.parquet``. The longest matching name wins.
    """
    stems = [_stem(path), *(part for part in reversed(path.relative_to(root).parts[:-1]))]
    for stem in stems:
        fits = [name for name in load_contracts() if _starts_with_name(stem.lower(), name)]
        if fits:
            return max(fits, key=len)
    return None


def fingerprint(path: Path) -> str:
    """SHA-256 of a file, read in blocks."""
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while block := file.read(_BLOCK):
            digest.update(block)
    return digest.hexdigest()


def _extract(
    path: Path,
    folder: Path,
    manifest: Manifest,
    *,
    form: str,
    table: str | None = None,
    mapping: wild.Mapping | None = None,
) -> ExtractFile:
    relative = path.relative_to(folder)
    return ExtractFile(
        path=path,
        format=form,
        table=table,
        logical_name=(Path(manifest.name) / relative.parent / _stem(path)).as_posix(),
        sha256=_fingerprint(path, mapping, manifest.scope),
        bytes=path.stat().st_size,
        manifest=manifest,
        folder=str(folder.resolve()),
        mapping=mapping,
    )


def _fingerprint(path: Path, mapping: wild.Mapping | None, scope: str | None) -> str:
    """Of the file, of the mapping it is read by, and of its scope: with another of these its rows are others."""
    own = fingerprint(path)
    beside = [text for text in (mapping and mapping.sha256, scope and f"scope {scope}") if text]
    return hashlib.sha256(" ".join([own, *beside]).encode()).hexdigest() if beside else own


def _stem(path: Path) -> str:
    name = path.name
    for suffix in sorted(SUFFIXES, key=len, reverse=True):
        if name.lower().endswith(suffix):
            return name[: -len(suffix)]
    return path.stem


def _starts_with_name(stem: str, name: str) -> bool:
    """`measurement_2024` and `measurement-clinic-a` belong to `measurement`; `measurements` does not."""
    return stem == name or (stem.startswith(name) and not stem[len(name)].isalnum())


def _nearest(path: Path) -> str:
    close = difflib.get_close_matches(_stem(path).lower(), load_contracts(), n=1)
    names: Iterable[str] = load_contracts()
    return f"{close[0]}?" if close else "one of " + ", ".join(names)


def _left_alone(path: Path, message: str, expected: str) -> Fault:
    return Fault(message=message, file=path.name, expected=expected)
