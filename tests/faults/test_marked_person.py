"""One marked person through all that the program does: no file, page or message but the sealed ones names them."""

from __future__ import annotations

import subprocess
import sys
import tempfile
from hashlib import sha256
from pathlib import Path

import pytest
from typer.testing import CliRunner

import hssk
from tests.support import home as support
from tests.support import marked
from tests.support.tree import ROOT
from warehouse.identity import load_keys
from warehouse.linkage import SEALED, unseal

#: Every page, and the files of some cards, as a browser gets them.
_SERVED = """
import sys
from pathlib import Path
from dashboard import pages
from dashboard.app import create_app
from dashboard.words import words
from warehouse.settings import load_settings

server = create_app(load_settings()).server
client, folder = server.test_client(), Path(sys.argv[1])
cards = ("ncd/map", "overview/map", "rollout/ladder", "quality/arrivals", "quality/completeness")
for number, path in enumerate(
    [*pages.PAGES, "/_dash-layout", "/_dash-dependencies", "/nowhere", "/healthz", "/readyz"]
    + [f"/export/{card}.{kind}" for card in cards for kind in ("csv", "xlsx")]
):
    answer = client.get(path)
    (folder / f"served-{number}").write_bytes(answer.data + str(answer.headers).encode())
with server.app_context():
    for number, path in enumerate(pages.PAGES):
        (folder / f"page-{number}").write_text(str(pages.page(path, {}, words("vi")).to_plotly_json()))
"""
COMMANDS = (
    ("quality",), ("quality", "refusals", "--format", "csv"), ("quality", "arrivals", "--format", "json"),
    ("quality", "completeness"), ("query", "--condition", "hypertension", "--format", "json"), ("releases",),
    ("explain", "mart_case"), ("explain", "mart_quality", "--format", "json"), ("score",),
    ("explain-link", "MRK-98765", "XLSMRK98765"), ("indicators",),
    # Faults of people, and of ours: what is typed may be told, what is loaded may not.
    ("query", "--condition", "nothing"), ("forget", "P000", "slip"), ("retract", "fhir/nothing", "--reason", "x"),
)  # fmt: skip


class Told:
    """Runs commands and keeps what each printed."""

    def __init__(self, home: Path, folder: Path) -> None:
        self.home, self.folder, self.number = home, folder, 0
        self.searched: dict[str, set[str]] = {}

    def named_in(self, path: Path) -> set[str]:
        """What a file names; one of the same content is searched once."""
        digest = sha256(path.read_bytes()).hexdigest()
        if digest not in self.searched:
            self.searched[digest] = marked.named_in(marked.contents(path))
        return self.searched[digest]

    def run(self, *arguments: str) -> int:
        result = CliRunner().invoke(hssk.app, arguments, env=support.environment(self.home))
        self.number += 1
        text = f"{result.output}\n{result.exception!s}\n{result.exc_info}"
        (self.folder / f"told-{self.number:02}-{arguments[0]}").write_text(text)
        return result.exit_code


@pytest.fixture
def told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Told:
    for name in ("home", "told", "tmp"):
        (tmp_path / name).mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "tmp"))
    return Told(tmp_path / "home", tmp_path / "told")


def assert_nobody_is_named(told: Told) -> None:
    """In no file of the home, of what was told, and of the folder for temporary files."""
    folders = (told.home, told.folder, told.folder.parent / "tmp")
    files = [path for folder in folders for path in sorted(folder.rglob("*")) if path.is_file()]
    assert len(files) > 20
    named = {str(path): told.named_in(path) - _may_tell(path) for path in files}
    assert {path: words for path, words in named.items() if words} == {}


def _may_tell(path: Path) -> set[str]:
    """The store knows files by their names, and who runs these commands reads them: what the files are called."""
    told = path.name.endswith(("warehouse.duckdb", "withheld.json", "-check", "-build", "-retract"))
    return set(marked.IDENTITY["file"]) if told else set()


def test_the_search_finds_what_is_there(tmp_path: Path) -> None:
    """Each part of the identity in the extracts, and in the sealed files once they are opened."""
    folders = marked.extracts(tmp_path)
    files = [path for folder in folders for path in folder.rglob("*") if path.is_file()]
    found = set.union(*(marked.named_in([*marked.contents(path), path.name.encode()]) for path in files))
    assert found == {word for words in marked.IDENTITY.values() for word in words}


@pytest.mark.slow
def test_a_marked_person_is_named_nowhere(told: Told, tmp_path: Path) -> None:
    folders = [str(folder) for folder in marked.extracts(tmp_path / "in")]

    told.run("check", *folders)
    told.run("check", *folders, "--format", "json")
    assert told.run("build", *folders, "--format", "json", "--accept", "a test") == 0
    for command in COMMANDS:
        told.run(*command)
    for form in ("csv", "parquet"):
        told.run("quality", "refusals", "--format", form, "--output", str(told.folder / f"refusals.{form}"))
    served = subprocess.run(
        [sys.executable, "-c", _SERVED, str(told.folder)],
        env=support.environment(told.home), cwd=ROOT, capture_output=True, text=True,
    )  # fmt: skip
    assert served.returncode == 0, served.stderr
    (told.folder / "served-log").write_text(served.stdout + served.stderr)

    assert any(marked.named_in(opened(path)) for path in (told.home / "linkage").glob(f"*{SEALED}"))
    assert_nobody_is_named(told)

    assert told.run("forget", "XLSMRK98765") == 0
    assert told.run("build", *folders, "--full", "--accept", "a test") == 0
    assert told.run("retract", f"fhir/{marked.FILE}", "--reason", "of one person") == 0
    told.run("quality", "refusals")
    assert_nobody_is_named(told)
    left = set.union(*(marked.named_in(opened(path)) for path in (told.home / "linkage").glob(f"*{SEALED}")))
    assert left == set()


def opened(path: Path):  # type: ignore[no-untyped-def]
    """The rows of a sealed file, as text."""
    key = load_keys(support.settings(Path())).linkage_key
    for frame in unseal(path, key, path.name.removesuffix(SEALED)):
        yield frame.write_csv().encode()
