"""Keys and pseudonyms.

``person_key`` is the first 60 bits of HMAC-SHA-256(pseudonym key, "person:" + reference). It is computed inside
DuckDB from the definition of HMAC (RFC 2104: two nested SHA-256), vectorised; a test holds it equal to Python's
``hmac``. Disclosure record keys use a second key, so that neither can be derived from the other.

References of rows (record, visit, panel, ...) are some forty times as many as people. Theirs are the first 60 bits of
SHA-256(key of that kind + reference), one block instead of four: the outer hash of HMAC guards against longer messages
being worked out from shorter ones, which 60 of 256 bits already rule out (the chop construction of Coron, Dodis,
Malinaud, Puniya 2005, Merkle-Damgård revisited). The key of a kind is HMAC-SHA-256(pseudonym key, "reference:" + kind).
"""

from __future__ import annotations

import hashlib
import hmac
import os
import secrets
import tomllib
from collections.abc import Collection, Iterable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from warehouse.durable import sync
from warehouse.errors import EXIT_CONFIG, Fault, Faults, UserError
from warehouse.settings import Settings

KEY_NAMES = ("pseudonym_key", "record_key", "linkage_key")
#: Pseudonym keys from before, newest first; in a key file only.
RETIRED = "retired_pseudonym_keys"
_BLOCK = 64
#: Hexadecimal digits of a pseudonym: 60 bits, a positive BIGINT.
_DIGITS = 15
#: Another text whenever pseudonyms are made another way: a store made the old way then asks to be rebuilt.
_MARKED = b"hssk key mark, references chopped"


@dataclass(frozen=True, repr=False)
class Keys:
    """The three secrets, 32 bytes each. Never printed, never stored beside the data.

    ``retired``: pseudonym keys from before, newest first, by which people who were forgotten are still known.
    """

    pseudonym_key: bytes
    record_key: bytes
    linkage_key: bytes
    retired: tuple[bytes, ...] = ()

    def __repr__(self) -> str:
        return "Keys(***)"


def load_keys(settings: Settings) -> Keys:
    """Keys from the environment, else from the key file. Refused when absent, short or beside the data."""
    given = {name: getattr(settings, name) for name in KEY_NAMES}
    texts = {name: secret.get_secret_value() for name, secret in given.items() if secret is not None}
    retired: list[str] = []
    if settings.key_file is not None:
        written = _read_key_file(settings.key_file, settings.home)
        retired = [str(text) for text in written.pop(RETIRED, ())]
        texts = {**{name: str(value) for name, value in written.items()}, **texts}
    faults = [
        Fault(
            message="missing key" if name not in texts else "malformed key",
            field=name,
            expected="64 hexadecimal digits",
            action=f"Set HSSK_{name.upper()} or HSSK_KEY_FILE; `hssk keys create FILE` makes a new key file",
        )
        for name in KEY_NAMES
        if _parse(texts.get(name, "")) is None
    ]
    faults += [
        Fault(message="malformed key", field=RETIRED, row=number, expected="64 hexadecimal digits")
        for number, text in enumerate(retired, start=1)
        if _parse(text) is None
    ]
    if faults:
        raise Faults(faults)
    keys = {name: bytes.fromhex(texts[name]) for name in KEY_NAMES}
    if len(set(keys.values())) < len(KEY_NAMES):
        raise UserError("two keys are equal", expected="three different keys", exit_code=EXIT_CONFIG)
    return Keys(**keys, retired=tuple(bytes.fromhex(text) for text in retired))


def throwaway_keys() -> Keys:
    """Random keys, for a dry run that keeps nothing or for a new key file."""
    pseudonym, record, linkage = (secrets.token_bytes(32) for _ in KEY_NAMES)
    return Keys(pseudonym, record, linkage)


def create_key_file(path: Path) -> None:
    """Write three new random keys to ``path`` with mode 0600; refuses to overwrite."""
    write_key_file(path, throwaway_keys())


def write_key_file(path: Path, keys: Keys) -> None:
    """Write keys to a new file, mode 0600: durably, and whole or not at all. Refuses to overwrite."""
    lines = [f'{name} = "{getattr(keys, name).hex()}"' for name in KEY_NAMES]
    if keys.retired:
        lines += ["# Only to know people again who were forgotten under them.", f"{RETIRED} = ["]
        lines += [f'    "{key.hex()}",' for key in keys.retired] + ["]"]
    text = "# Keep this file apart from the data, and keep a copy.\n" + "\n".join(lines) + "\n"
    partial = path.with_name(f"{path.name}.{secrets.token_hex(4)}.partial")
    with os.fdopen(os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    try:
        os.link(partial, path)
    except FileExistsError:
        raise UserError("the key file exists already; keys are never overwritten", file=str(path)) from None
    finally:
        partial.unlink()
    sync(path.parent)


def successor(keys: Keys, which: Collection[str]) -> Keys:
    """Keys with new random ones for those named; a pseudonym key that is replaced is retired, not forgotten."""
    new = {name: secrets.token_bytes(32) for name in KEY_NAMES if name in which}
    retired = (keys.pseudonym_key, *keys.retired) if "pseudonym_key" in new else keys.retired
    return replace(keys, **new, retired=retired)


def is_successor(new: Keys, keys: Keys, which: Collection[str]) -> bool:
    """Whether ``new`` may have been made by :func:`successor`: a rotation that was cut short goes on with it."""
    differing = {name for name in KEY_NAMES if getattr(new, name) != getattr(keys, name)}
    retired = successor(keys, which).retired
    return differing == set(which) and new.retired == retired


def key_mark(key: bytes) -> int:
    """A mark of a key, kept beside the data to notice another key; nothing of the key can be told from it."""
    return int(hmac.new(key, _MARKED, hashlib.sha256).hexdigest()[:_DIGITS], 16)


def key_marks(keys: Keys) -> dict[str, int]:
    """The marks of the three keys by name."""
    return {name: key_mark(getattr(keys, name)) for name in KEY_NAMES}


def person_key(keys: Keys, ref: str) -> int:
    """The pseudonym of a sender's reference, as :func:`hmac_sql` makes it for whole files."""
    return int(
        hmac.new(keys.pseudonym_key, f"person:{ref}".encode(), hashlib.sha256).hexdigest()[:_DIGITS], 16
    )


def hmac_parameters(prefix: str, key: bytes) -> dict[str, bytes]:
    """Parameters ``$<prefix>_inner`` and ``$<prefix>_outer`` for :func:`hmac_sql`."""
    padded = key.ljust(_BLOCK, b"\0")
    return {
        f"{prefix}_inner": bytes(byte ^ 0x36 for byte in padded),
        f"{prefix}_outer": bytes(byte ^ 0x5C for byte in padded),
    }


def hmac_sql(prefix: str, text: str) -> str:
    """SQL of the first 60 bits of HMAC-SHA-256 over ``text``, as BIGINT."""
    inner = f"sha256(${prefix}_inner::blob || encode({text}))"
    return f"('0x' || substr(sha256(${prefix}_outer::blob || unhex({inner})), 1, {_DIGITS}))::bigint"


def reference_parameters(kinds: Iterable[str], key: bytes) -> dict[str, bytes]:
    """Parameters ``$reference_<kind>`` for :func:`reference_sql`."""
    return {
        f"reference_{kind}": hmac.new(key, f"reference:{kind}".encode(), hashlib.sha256).digest()
        for kind in kinds
    }


def reference_sql(kind: str, text: str) -> str:
    """SQL of the pseudonym of a reference of one kind, as BIGINT."""
    return f"('0x' || substr(sha256($reference_{kind}::blob || encode({text})), 1, {_DIGITS}))::bigint"


def refuse_beside(path: Path, home: Path) -> None:
    """Keys do not lie with what they protect."""
    if path.resolve().is_relative_to(home.resolve()):
        raise UserError(
            "the key file lies inside the data folder",
            file=str(path),
            expected="a file elsewhere",
            exit_code=EXIT_CONFIG,
        )


def _read_key_file(path: Path, home: Path) -> dict[str, Any]:
    refuse_beside(path, home)
    try:
        return tomllib.loads(path.read_text())
    except (OSError, tomllib.TOMLDecodeError) as error:
        raise UserError(
            f"the key file cannot be read ({type(error).__name__})",
            file=str(path),
            action="`hssk keys create FILE` makes one",
            exit_code=EXIT_CONFIG,
        ) from None


def _parse(text: str) -> bytes | None:
    try:
        key = bytes.fromhex(text)
    except ValueError:
        return None
    return key if len(key) == 32 else None
