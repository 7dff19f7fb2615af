"""The set-up refuses in one line what it cannot work with."""

import os
import subprocess
from pathlib import Path

import pytest

from tests.support.tree import ROOT

EX_UNAVAILABLE = 69


def run(python: str, venv: Path) -> subprocess.CompletedProcess[str]:
    command = [str(ROOT / "scripts" / "setup.sh"), str(venv), "requirements.lock"]
    environment = {**os.environ, "PYTHON": python}
    return subprocess.run(command, env=environment, capture_output=True, text=True, stdin=subprocess.DEVNULL)


def old_python(folder: Path) -> str:
    """A program that answers as a Python of another version would."""
    program = folder / "python3.10"
    program.write_text('#!/bin/sh\n[ "$1" = --version ] && echo "Python 3.10.13" && exit 0\nexit 1\n')
    program.chmod(0o755)
    return str(program)


def test_a_python_that_is_not_there(tmp_path: Path) -> None:
    done = run("no-such-python", tmp_path / "venv")

    assert (done.returncode, done.stdout, done.stderr.count("\n")) == (EX_UNAVAILABLE, "", 1)
    assert "3.11, 3.12 or 3.13" in done.stderr


def test_a_python_of_another_version(tmp_path: Path) -> None:
    done = run(old_python(tmp_path), tmp_path / "venv")

    assert (done.returncode, done.stdout, done.stderr.count("\n")) == (EX_UNAVAILABLE, "", 1)
    assert "Python 3.10.13" in done.stderr
    assert not (tmp_path / "venv").exists()


@pytest.mark.parametrize("script", ["setup.sh", "check.sh", "demo.sh", "chromium.sh"])
def test_scripts_are_sound_and_may_be_run(script: str) -> None:
    path = ROOT / "scripts" / script
    done = subprocess.run(["bash", "-n", str(path)], capture_output=True, text=True)

    assert (done.returncode, done.stderr) == (0, "")
    assert os.access(path, os.X_OK)
