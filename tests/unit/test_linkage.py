"""The sealed linkage files: what goes in comes out, and nothing else opens."""

from __future__ import annotations

import struct
from pathlib import Path

import polars as pl
import pytest
from polars.testing import assert_frame_equal

from warehouse.errors import UserError
from warehouse.linkage import MAGIC, seal, unseal

KEY = bytes(range(32))
FRAMES = [pl.DataFrame({"person_key": [n, n + 1], "full_name": [f"Trần {n}", None]}) for n in (1, 5, 9)]


@pytest.fixture
def sealed(tmp_path: Path) -> Path:
    path = tmp_path / "a.sealed"
    assert seal(path, KEY, "file-a", FRAMES) == 6
    return path


def opened(path: Path, *, key: bytes = KEY, label: str = "file-a") -> pl.DataFrame:
    return pl.concat(unseal(path, key, label))


def chunks(content: bytes) -> list[bytes]:
    found, at = [], len(MAGIC)
    while at < len(content):
        (size, _) = struct.unpack_from(">QB", content, at)
        found.append(content[at : at + 9 + size])
        at += 9 + size
    return found


def test_round_trip_and_mode(sealed: Path) -> None:
    assert_frame_equal(opened(sealed), pl.concat(FRAMES))
    assert sealed.stat().st_mode & 0o777 == 0o600
    assert "Trần".encode() not in sealed.read_bytes()


def test_wrong_key_and_wrong_label_do_not_open(sealed: Path) -> None:
    with pytest.raises(UserError, match="does not open"):
        opened(sealed, key=bytes(32))
    with pytest.raises(UserError, match="does not open"):
        opened(sealed, label="file-b")


def test_a_changed_byte_does_not_open(sealed: Path) -> None:
    content = bytearray(sealed.read_bytes())
    content[-1] ^= 1
    sealed.write_bytes(content)
    with pytest.raises(UserError, match="does not open"):
        opened(sealed)


def test_dropped_and_swapped_chunks_do_not_open(sealed: Path) -> None:
    first, second, third = chunks(sealed.read_bytes())
    for order in ([first, second], [second, first, third], [first, third], [first, second, third, third]):
        sealed.write_bytes(MAGIC + b"".join(order))
        with pytest.raises(UserError, match="does not open"):
            opened(sealed)
