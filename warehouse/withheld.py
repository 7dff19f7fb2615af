"""What must not come back: files that were retracted, people who were forgotten.

``withheld.json`` stands beside the store, so that a full rebuild knows of it too. It holds pseudonyms and no name.
What is new in it is taken out of the store by the next build, which :func:`settle` then remembers. The list only grows,
and the store keeps a mark of what it knew of it, so that a list that is lost or older does not pass unseen.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import date
from pathlib import Path
from typing import Any

import duckdb
import polars as pl

from warehouse import linkage, repeats, tombstones
from warehouse.contracts import RECORD, Contract, load_contracts
from warehouse.database import FORGOTTEN, FORGOTTEN_RECORD, rows
from warehouse.durable import sync
from warehouse.errors import EXIT_CONFIG, EXIT_DATA, UserError, suggest
from warehouse.identity import Keys, key_mark, person_key
from warehouse.linkage import SEALED
from warehouse.linking import forgetting

FILE_NAME = "withheld.json"


@dataclass(frozen=True, kw_only=True)
class RetractedFile:
    """A file that was loaded by mistake: its content is not loaded again."""

    sha256: str
    logical_name: str
    reason: str
    on: date


@dataclass(frozen=True, kw_only=True)
class ForgottenPerson:
    """A tombstone: pseudonyms alone, of the person and of the records that were theirs.

    ``is_done``: no table of the store, no byte of its file and no sealed file holds anything of the person.
    ``key_mark``: of the pseudonym key it was made with; None in lists from before marks were kept: that of the store.
    """

    person_key: int
    on: date
    is_done: bool = False
    record_keys: tuple[int, ...] = ()
    key_mark: int | None = None


@dataclass(frozen=True, kw_only=True)
class Withheld:
    """All of both."""

    files: tuple[RetractedFile, ...] = ()
    people: tuple[ForgottenPerson, ...] = ()

    @property
    def pending(self) -> tuple[int, ...]:
        """Pseudonyms of which the store may still hold something."""
        return tuple(one.person_key for one in self.people if not one.is_done)

    def reason(self, sha256: str) -> RetractedFile | None:
        """The retraction of a file of this content."""
        return next((file for file in self.files if file.sha256 == sha256), None)


def read(home: Path) -> Withheld:
    """What is withheld in this home; nothing where the file is not there."""
    path = home / FILE_NAME
    if not path.exists():
        return Withheld()
    try:
        raw = json.loads(path.read_text(encoding="utf-8"))
        files = tuple(RetractedFile(**_dated(item)) for item in raw["files"])
        people = tuple(
            ForgottenPerson(**{**_dated(item), "record_keys": tuple(item["record_keys"])})
            for item in raw["people"]
        )
        return Withheld(files=files, people=people)
    except (ValueError, TypeError, KeyError) as error:
        raise UserError(
            f"the list of what is withheld cannot be read ({type(error).__name__})",
            file=FILE_NAME,
            action="Restore it from a backup: without it, forgotten people would come back",
            exit_code=EXIT_DATA,
        ) from None


def write(home: Path, withheld: Withheld) -> None:
    """Replace the list, durably; mode 0600."""
    partial = home / f"{FILE_NAME}.partial"
    text = json.dumps(asdict(withheld), default=str, indent=2) + "\n"
    with os.fdopen(os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    partial.replace(home / FILE_NAME)
    sync(home)


def retract(home: Path, known: dict[str, str], names: list[str], *, reason: str, on: date) -> Withheld:
    """The list with files of these logical names; ``known``: name -> SHA-256 of what is loaded.

    Raises :class:`UserError` for a name that is not loaded.
    """
    for name in names:
        if name not in known:
            raise UserError("no such file is loaded", field="NAME", value=name, expected=suggest(name, known))
    more = tuple(
        RetractedFile(sha256=known[name], logical_name=name, reason=reason, on=on)
        for name in dict.fromkeys(names)
    )
    before = read(home)
    return replace(before, files=before.files + more)


def forget(home: Path, keys: Keys, refs: list[str], *, on: date, others: Sequence[int] = ()) -> Withheld:
    """The list with tombstones of the people of these references (the senders' ``person_ref``).

    ``others``: pseudonyms of other references of the same people, see :func:`others_of`.
    """
    before = read(home)
    known = {one.person_key for one in before.people}
    mark = key_mark(keys.pseudonym_key)
    new = dict.fromkeys([*(person_key(keys, ref.strip()) for ref in refs), *others])
    more = tuple(ForgottenPerson(person_key=key, on=on, key_mark=mark) for key in new if key not in known)
    return replace(before, people=before.people + more)


def others_of(connection: duckdb.DuckDBPyConnection, keys: Keys, refs: list[str]) -> list[int]:
    """Pseudonyms of the further references that linkage holds to be the people of these."""
    given = sorted({person_key(keys, ref.strip()) for ref in refs})
    found = rows(
        connection,
        """select source_key from meta_person
           where person_key in (select person_key from meta_person where list_contains($given, source_key))
               and not list_contains($given, source_key) order by all""",
        {"given": given},
    )
    return [key for (key,) in found]


def refuse_strangers(connection: duckdb.DuckDBPyConnection, keys: Keys, refs: list[str]) -> None:
    """Raise :class:`UserError` when nothing is loaded of somebody who is to be forgotten: a slip would pass unseen."""
    wanted = {person_key(keys, ref.strip()) for ref in refs}
    found: set[int] = set()
    for contract in load_contracts().values():
        if contract.has_person:
            sql = (
                f"select distinct person_key from raw_{contract.table} where list_contains($keys, person_key)"
            )
            found |= {key for (key,) in rows(connection, sql, {"keys": sorted(wanted)})}
    if wanted - found:
        raise UserError(
            f"nothing is loaded of {len(wanted - found)} of {len(wanted)} people, so nobody was forgotten",
            field="REF",
            expected="references as the sender writes them",
            action="Look for slips; people with references at several senders need all of them",
            exit_code=EXIT_DATA,
        )


def tell(connection: duckdb.DuckDBPyConnection, keys: Keys, withheld: Withheld) -> None:
    """Let landing know whom to refuse, and whose records.

    Raises :class:`UserError` where somebody was forgotten under a key that is not among ``keys``, or where the list
    lacks what the store knew of it: they would come back.
    """
    refuse_shorter(connection, withheld)
    marks = [key_mark(key) for key in (keys.pseudonym_key, *keys.retired)]
    people = marked(withheld, keys).people
    of = {mark: [one for one in people if one.key_mark == mark] for mark in marks}
    strange = len(people) - sum(len(found) for found in of.values())
    if strange:
        raise UserError(
            f"{strange} people were forgotten under a key that is not here, and would come back",
            field="pseudonym_key",
            expected="the key they were forgotten under, or the key file that followed it (it keeps retired keys)",
            action="Set HSSK_KEY_FILE to the file that `hssk keys rotate` wrote",
            exit_code=EXIT_CONFIG,
        )
    now, *before = ((_keys_of(found), _records_of(found)) for found in of.values())
    tombstones.put(connection, *now, {place: found for place, found in enumerate(before) if found[0]})


def marked(withheld: Withheld, keys: Keys) -> Withheld:
    """The list with the mark of ``keys``, those of the store, where older versions left none."""
    mark = key_mark(keys.pseudonym_key)
    people = tuple(one if one.key_mark else replace(one, key_mark=mark) for one in withheld.people)
    return replace(withheld, people=people)


def _keys_of(people: Iterable[ForgottenPerson]) -> list[int]:
    return [one.person_key for one in people]


def _records_of(people: Iterable[ForgottenPerson]) -> list[int]:
    return [key for one in people for key in one.record_keys]


def refuse_shorter(connection: duckdb.DuckDBPyConnection, withheld: Withheld) -> None:
    """Raise :class:`UserError` when the list does not begin with all that the store knew of it."""
    contents = _contents(withheld)
    for kind, number, digest in rows(connection, "select kind, number, digest from meta_withheld"):
        if _digest(contents[kind][:number]) != digest:
            raise UserError(
                "the list of what is withheld is missing, older than the store, or changed",
                file=FILE_NAME,
                value=f"{len(contents[kind])} {kind}",
                expected=f"the list with the {number} {kind} that the store knows of",
                action="Restore the newest one from a backup: without it, what was forgotten would come back",
                exit_code=EXIT_DATA,
            )


def remember(connection: duckdb.DuckDBPyConnection, withheld: Withheld) -> None:
    """Let the store keep a mark of the list, inside the caller's transaction."""
    rows(connection, "delete from meta_withheld")
    for kind, content in _contents(withheld).items():
        rows(
            connection,
            "insert into meta_withheld values ($kind, $number, $digest)",
            {"kind": kind, "number": len(content), "digest": _digest(content)},
        )


def _contents(withheld: Withheld) -> dict[str, list[str]]:
    return {
        "files": [one.sha256 for one in withheld.files],
        "people": [str(one.person_key) for one in withheld.people],
    }


def _digest(content: Iterable[str]) -> str:
    return hashlib.sha256("\n".join(content).encode()).hexdigest()


def take_out(connection: duckdb.DuckDBPyConnection, withheld: Withheld) -> Withheld:
    """Take forgotten people and their records out of the store, inside the caller's transaction.

    Everybody on the list, also who was done before: an older store may have been restored. Returns the list with the
    records that were theirs, and as pending whoever the store still held. Rows are counted as refused from then on.
    """
    remember(connection, withheld)
    if not withheld.people:
        return withheld
    held = rows(
        connection,
        f"""select person_key, list(record_id_key order by record_id_key) from raw_health_record
            where person_key in (select key from {FORGOTTEN}) group by all""",
    )
    records = dict(held)
    rows(
        connection,
        f"insert into {FORGOTTEN_RECORD} select unnest($keys::bigint[])",
        {"keys": [key for found in records.values() for key in found]},
    )
    repeats.put_parts(connection, ())
    still = {key for contract in load_contracts().values() for key in _take_out_of(connection, contract)}
    rows(connection, "drop table landing_part")
    still |= forgetting.take_out(connection)
    people = tuple(
        replace(
            one,
            is_done=one.is_done and one.person_key not in still,
            record_keys=tuple(sorted({*one.record_keys, *records.get(one.person_key, ())})),
        )
        for one in withheld.people
    )
    return replace(withheld, people=people)


def _take_out_of(connection: duckdb.DuckDBPyConnection, contract: Contract) -> list[int]:
    """One table; returns whose rows went."""
    table = f"raw_{contract.table}"
    if contract.has_person:
        gone = f"person_key in (select key from {FORGOTTEN})"
        people = rows(connection, f"select distinct person_key from {table} where {gone}")
    elif contract.has_record:
        gone = f"{RECORD}_key in (select key from {FORGOTTEN_RECORD})"
        people = []
    else:
        return []
    for file_id, count in rows(
        connection, f"select _file_id, count(*) from {table} where {gone} group by all"
    ):
        rows(
            connection,
            """update meta_file set accepted = accepted - $count, quarantined = quarantined + $count
               where file_id = $file_id""",
            {"count": count, "file_id": file_id},
        )
    repeats.drop_records(connection, contract, gone)
    rows(connection, f"delete from {table} where {gone}")
    return [key for (key,) in people]


def settle(home: Path, folder: Path, keys: Keys, withheld: Withheld) -> None:
    """Take pending people out of the sealed files of ``folder`` too, and note that nothing of them is left."""
    if not withheld.pending:
        return
    gone = pl.Series(withheld.pending, dtype=pl.Int64)
    told: list[pl.DataFrame] = []
    for path in sorted(folder.glob(f"*{SEALED}")):
        label = path.name.removesuffix(SEALED)
        frames = linkage.unseal(path, keys.linkage_key, label)
        theirs = [
            frame.filter(pl.col("person_key").is_in(gone.implode())) for frame in frames if _has(frame, gone)
        ]
        if theirs:
            again = linkage.unseal(path, keys.linkage_key, label)
            linkage.seal(path, keys.linkage_key, label, (_without(frame, gone) for frame in again))
            told += [frame for frame in theirs if "full_name" in frame.columns]
    forgetting.forget_names(folder, keys.linkage_key, told)
    write(home, replace(withheld, people=tuple(replace(one, is_done=True) for one in withheld.people)))


def _has(frame: pl.DataFrame, people: pl.Series) -> bool:
    return "person_key" in frame.columns and bool(frame["person_key"].is_in(people.implode()).any())


def _without(frame: pl.DataFrame, people: pl.Series) -> pl.DataFrame:
    return frame.filter(~pl.col("person_key").is_in(people.implode())) if _has(frame, people) else frame


def _dated(item: dict[str, Any]) -> dict[str, Any]:
    return {**item, "on": date.fromisoformat(item["on"])}
