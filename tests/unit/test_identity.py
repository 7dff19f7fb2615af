"""Keys and pseudonyms."""

from __future__ import annotations

import hashlib
import hmac
from pathlib import Path

import duckdb
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.support.home import KEYS
from warehouse.errors import Faults, UserError
from warehouse.identity import (
    create_key_file,
    hmac_parameters,
    hmac_sql,
    load_keys,
    reference_parameters,
    reference_sql,
)
from warehouse.settings import Settings

KEY = bytes(range(32))


@given(st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]), max_size=80))
def test_hmac_in_sql_is_hmac(text: str) -> None:
    with duckdb.connect() as connection:
        sql = f"select {hmac_sql('k', '$text')}"
        [(found,)] = connection.execute(sql, {"text": text, **hmac_parameters("k", KEY)}).fetchall()
    assert found == int(hmac.new(KEY, text.encode(), hashlib.sha256).hexdigest()[:15], 16)


def test_missing_and_malformed_keys_are_all_named(tmp_path: Path) -> None:
    settings = Settings(home=tmp_path, pseudonym_key="abc", record_key=KEYS["record_key"])
    with pytest.raises(Faults) as raised:
        load_keys(settings)
    assert [(fault.field, fault.message) for fault in raised.value.faults] == [
        ("pseudonym_key", "malformed key"),
        ("linkage_key", "missing key"),
    ]
    assert KEYS["record_key"] not in str(raised.value)


def test_equal_keys_are_refused(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="two keys are equal"):
        load_keys(Settings(home=tmp_path, **dict.fromkeys(KEYS, "11" * 32)))


def test_a_key_file_is_private_read_back_and_never_overwritten(tmp_path: Path) -> None:
    file = tmp_path / "keys.toml"
    create_key_file(file)
    assert file.stat().st_mode & 0o777 == 0o600
    keys = load_keys(Settings(home=tmp_path / "data", key_file=file))
    assert len({keys.pseudonym_key, keys.record_key, keys.linkage_key}) == 3
    with pytest.raises(UserError, match="never overwritten"):
        create_key_file(file)


def test_a_key_file_beside_the_data_is_refused(tmp_path: Path) -> None:
    create_key_file(tmp_path / "keys.toml")
    with pytest.raises(UserError, match="inside the data folder"):
        load_keys(Settings(home=tmp_path, key_file=tmp_path / "keys.toml"))


def test_keys_never_print(tmp_path: Path) -> None:
    settings = Settings(home=tmp_path, **KEYS)
    shown = repr(settings) + str(settings) + repr(load_keys(settings))
    assert not any(value in shown for value in KEYS.values())


@given(st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=80))
def test_a_reference_is_hashed_under_the_key_of_its_kind(text: str) -> None:
    kinds = ("measurement", "encounter")
    sql = ", ".join(reference_sql(kind, "$text") for kind in kinds)
    with duckdb.connect() as connection:
        parameters = {"text": text, **reference_parameters(kinds, KEY)}
        [found] = connection.execute(f"select {sql}", parameters).fetchall()
    for kind, value in zip(kinds, found, strict=True):
        key = hmac.new(KEY, f"reference:{kind}".encode(), hashlib.sha256).digest()
        assert value == int(hashlib.sha256(key + text.encode()).hexdigest()[:15], 16)
    assert found[0] != found[1]
