"""What is on disk is in the wheel: packages and data are listed one by one in pyproject.toml."""

from pathlib import Path

from tests.support.tree import ROOT, product_files, pyproject

SETUPTOOLS = pyproject()["tool"]["setuptools"]


def data_on_disk() -> set[Path]:
    return {path for path in product_files() if path.suffix != ".py"}


def data_listed() -> set[Path]:
    globs = [
        (Path(*package.split(".")), glob)
        for package, entries in SETUPTOOLS["package-data"].items()
        for glob in entries
    ]
    return {path.relative_to(ROOT) for folder, glob in globs for path in (ROOT / folder).glob(glob)}


def test_every_folder_with_code_is_a_listed_package() -> None:
    folders = {".".join(path.parent.parts) for path in product_files() if path.suffix == ".py"}

    assert folders == set(SETUPTOOLS["packages"])


def test_every_listed_package_has_an_init() -> None:
    assert [
        name
        for name in SETUPTOOLS["packages"]
        if not (ROOT / Path(*name.split(".")) / "__init__.py").exists()
    ] == []


def test_every_data_file_is_listed() -> None:
    assert sorted(data_on_disk() - data_listed()) == []


def test_every_data_entry_finds_a_file() -> None:
    empty = [
        f"{package}: {glob}"
        for package, entries in SETUPTOOLS["package-data"].items()
        for glob in entries
        if not list((ROOT / Path(*package.split("."))).glob(glob))
    ]

    assert empty == []
