"""The three locks: hashed, without addresses, each one containing the one before it."""

import re

import pytest

from tests.support.tree import ROOT, pyproject

LOCKS = ("requirements.lock", "requirements-dev.lock", "requirements-check.lock")
PIN = re.compile(r"^(?P<name>[a-z0-9][a-z0-9._-]*)==(?P<version>[^ ;]+)(?P<marker>[^\\]*)\\?$")


def read(lock: str) -> str:
    return (ROOT / lock).read_text(encoding="utf-8")


def pins(lock: str) -> set[tuple[str, str]]:
    found = (PIN.match(line) for line in read(lock).splitlines())
    return {(match["name"], match["version"]) for match in found if match}


@pytest.mark.parametrize("lock", LOCKS)
def test_every_pin_has_a_hash(lock: str) -> None:
    lines = read(lock).splitlines()
    bare = [
        line
        for line, following in zip(lines, [*lines[1:], ""], strict=True)
        if "==" in line and "sha256:" not in following
    ]

    assert bare == []
    assert len(pins(lock)) > 40


@pytest.mark.parametrize("lock", LOCKS)
def test_no_addresses(lock: str) -> None:
    assert re.search(r"://|--index|--find-links|file:", read(lock)) is None


def test_development_has_what_runs() -> None:
    assert pins("requirements.lock") <= pins("requirements-dev.lock") <= pins("requirements-check.lock")


def test_every_declared_dependency_is_locked() -> None:
    groups = pyproject()["dependency-groups"]
    declared = {
        "requirements.lock": pyproject()["project"]["dependencies"],
        "requirements-dev.lock": groups["dev"],
        "requirements-check.lock": groups["check"],
    }
    for lock, names in declared.items():
        locked = {name for name, _ in pins(lock)}
        assert {re.split(r"[\[=<>]", name)[0] for name in names} <= locked, lock
