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
import secrets
import tomllib
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from warehouse.errors import EXIT_CONFIG, Fault, Faults, UserError
from warehouse.settings import Settings

KEY_NAMES = ("pseudonym_key", "record_key", "linkage_key")
_BLOCK = 64
#: Hexadecimal digits of a pseudonym: 60 bits, a positive BIGINT.
_DIGITS = 15
#: Another text whenever pseudonyms are made another way: a store made the old way then asks to be rebuilt.
_MARKED = b"hssk key mark, references chopped"


@dataclass(frozen=True, repr=False)
class Keys:
    """The three secrets, 32 bytes each. Never printed, never stored beside the data."""

    pseudonym_key: bytes
    record_key: bytes
    linkage_key: bytes

    def __repr__(self) -> str:
        return "Keys(***)"


def load_keys(settings: Settings) -> Keys:
    """Keys from the environment, else from the key file. Refused when absent, short or beside the data."""
    given = {name: getattr(settings, name) for name in KEY_NAMES}
    texts = {name: secret.get_secret_value() for name, secret in given.items() if secret is not None}
    if settings.key_file is not None:
        texts = {**_read_key_file(settings.key_file, settings.home), **texts}
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
    if faults:
        raise Faults(faults)
    keys = {name: bytes.fromhex(texts[name]) for name in KEY_NAMES}
    if len(set(keys.values())) < len(KEY_NAMES):
        raise UserError("two keys are equal", expected="three different keys", exit_code=EXIT_CONFIG)
    return Keys(**keys)


def throwaway_keys() -> Keys:
    """Random keys for a dry run that keeps nothing."""
    return Keys(*(secrets.token_bytes(32) for _ in KEY_NAMES))


def create_key_file(path: Path) -> None:
    """Write three new random keys to ``path`` with mode 0600; refuses to overwrite."""
    try:
        path.touch(mode=0o600, exist_ok=False)
    except FileExistsError:
        raise UserError("the key file exists already; keys are never overwritten", file=str(path)) from None
    lines = [f'{name} = "{secrets.token_hex(32)}"' for name in KEY_NAMES]
    path.write_text("# Keep this file apart from the data, and keep a copy.\n" + "\n".join(lines) + "\n")


def key_marks(keys: Keys) -> dict[str, int]:
    """A mark of each key, kept beside the data to notice another key; nothing of the key can be told from it."""
    return {
        name: int(hmac.new(getattr(keys, name), _MARKED, hashlib.sha256).hexdigest()[:_DIGITS], 16)
        for name in KEY_NAMES
    }


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


def _read_key_file(path: Path, home: Path) -> dict[str, str]:
    if path.resolve().is_relative_to(home.resolve()):
        raise UserError(
            "the key file lies inside the data folder",
            file=str(path),
            expected="a file elsewhere",
            exit_code=EXIT_CONFIG,
        )
    try:
        return {str(name): str(value) for name, value in tomllib.loads(path.read_text()).items()}
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
