"""Which substance a written drug name is: its ATC code, or none.

Extracts name drugs as people write them: "Losartan 50mg + Hydroclorothiazid 12,5mg", "Amlor (amlodipin)". A name is cut
into the parts of a combination, the known substances are looked for in each, and what is left over (salts, strengths,
forms, brands) is passed over. Four files beside this one say what is known: ``maps/drug_names.csv`` (one row per
substance), ``maps/drug_combinations.csv`` (what ATC has one code for), ``maps/drug_synonyms.csv`` (other names) and
``maps/drug_words.csv`` (words that say nothing of the substance).

Decisions:

- Codes are those of use inside the body, by mouth or injection; of R03, those of inhalers. A name that says eye, nose
  or skin gives none: timolol for glaucoma is no treatment of hypertension.
- Acetylsalicylic acid is B01AC06 in every strength.
- A combination that ATC has no code for, or one with a part nobody knows here, is coded as the largest part of it that
  lowers blood pressure or glucose; the part written first if two are equal; none if there is no such part.

Source: WHO Collaborating Centre for Drug Statistics Methodology, ATC index, https://atcddd.fhi.no/atc_ddd_index/.
"""

from __future__ import annotations

import csv
import re
import unicodedata
from collections.abc import Iterator, Mapping
from functools import cache, lru_cache
from importlib import resources
from itertools import combinations

#: What a part of no combination is given up for: antihypertensives and glucose-lowering drugs.
_KEPT = ("A10", "C02", "C03", "C07", "C08", "C09")
#: More parts than any fixed combination has; a longer list is no drug.
_MOST_PARTS = 6
#: Names and words whose reading is kept: a city writes some ten thousand, a damaged file any number.
_REMEMBERED = 65_536
#: Between the parts of a combination. "12,5mg" and "5mg/ml" are cut as well: what is left of them says nothing.
_BETWEEN = re.compile(r"[+/;&,]|\b(?:va|voi|and|with|phoi hop|ket hop)\b")
_BRACKETED = re.compile(r"[(\[{]([^)\]}]*)[)\]}]?")
_WORD = re.compile(r"[a-z]+")
#: Used on the outside, where the same substances have other codes (S01, R01, D11).
_OUTSIDE = re.compile(
    r"\b(?:nho mat|tra mat|nho tai|nho mui|xit mui|boi|topical|ophthalmic|otic|eye|nasal|cream|shampoo|cutaneous)\b"
)
#: Things for injecting insulin, which are no insulin.
_DEVICE = re.compile(r"\b(?:bom tiem|kim|syringes?|needles?)\b")
_MIXED = re.compile(r"\b(?:30/70|70/30|25/75|75/25|50/50|mix|tron|hon hop|biphasic|premixed)\b")
_PROTAMINE = re.compile(r"\bprotamine?\b")
#: Code of a fast or basal insulin -> code of the mixture sold under the same name.
_MIXTURES = {
    "A10A": "A10AD",
    "A10AB01": "A10AD01",
    "A10AC01": "A10AD01",
    "A10AB04": "A10AD04",
    "A10AB05": "A10AD05",
}


def _rows(name: str) -> list[dict[str, str]]:
    """Rows of ``maps/<name>.csv``."""
    text = resources.files("warehouse.readers").joinpath("maps", f"{name}.csv").read_text(encoding="utf-8")
    return list(csv.DictReader(text.splitlines()))


def _plain(text: str) -> str:
    """Lower case without tone marks: ``đ`` is a letter of its own in Unicode, so it is named."""
    apart = unicodedata.normalize("NFKD", text.lower().replace("đ", "d"))
    return "".join(sign for sign in apart if not unicodedata.combining(sign))


@lru_cache(maxsize=_REMEMBERED)
def _spelling(word: str) -> str:
    """A word as both spellings would write it: ``hydrochlorothiazide`` and ``hydroclorothiazid`` are one."""
    for written, short in (("ph", "f"), ("ch", "c"), ("th", "t"), ("y", "i")):
        word = word.replace(written, short)
    word = re.sub(r"(.)\1", r"\1", word)
    return word.removesuffix("e")


def _phrase(name: str) -> tuple[str, ...]:
    return tuple(_spelling(word) for word in _WORD.findall(_plain(name)))


@cache
def _codes() -> Mapping[str, str]:
    """INN -> ATC code."""
    return {row["inn"]: row["atc"] for row in _rows("drug_names")}


@cache
def _combinations() -> Mapping[frozenset[str], str]:
    """INNs of a combination -> ATC code."""
    return {frozenset(row["inns"].split("+")): row["atc"] for row in _rows("drug_combinations")}


@cache
def _phrases() -> Mapping[tuple[str, ...], str]:
    """The words of every name -> INN. What only combinations have (sacubitril) is known by their rows."""
    names = {inn: inn for together in _combinations() for inn in together}
    names |= {inn: inn for inn in _codes()}
    names |= {row["written"]: row["inn"] for row in _rows("drug_synonyms")}
    return {_phrase(name): inn for name, inn in names.items()}


@cache
def _said_for_nothing() -> frozenset[str]:
    """Salts, units, forms: a part of only these words is no part of a combination."""
    return frozenset(_spelling(row["word"]) for row in _rows("drug_words"))


@cache
def _longest() -> int:
    """Words of the longest name."""
    return max(map(len, _phrases()))


def _found(words: tuple[str, ...]) -> Iterator[str]:
    """The substances among words, in order; of two names that start at one word, the longer."""
    at = 0
    while at < len(words):
        for length in range(_longest(), 0, -1):
            inn = _phrases().get(words[at : at + length])
            if inn is not None:
                yield inn
                at += length - 1
                break
        at += 1


def _is_empty(words: tuple[str, ...]) -> bool:
    """Whether words say nothing of a substance; single letters are left of "10 g" and "vitamin E"."""
    return all(len(word) == 1 or word in _said_for_nothing() for word in words)


def _parts(text: str) -> tuple[tuple[str, ...], bool]:
    """The substances of a name without brackets, each once as written, and whether every part is known."""
    found: dict[str, None] = {}
    is_whole = True
    for part in _BETWEEN.split(text):
        words = tuple(map(_spelling, _WORD.findall(part)))
        here = tuple(_found(words))
        found.update(dict.fromkeys(here))
        is_whole = is_whole and (bool(here) or _is_empty(words))
    if any(inn.startswith("insulin ") for inn in found):
        found.pop("insulin", None)  # "Insulin Lantus (insulin glargine)" is one
    return tuple(found), is_whole


def _read(text: str) -> tuple[tuple[str, ...], bool]:
    """The substances of a name: those outside its brackets, unless the brackets say more.

    "Amlor (amlodipin)" explains a brand, "Amlodipin (dưới dạng amlodipin besilat)" a salt: neither is a combination.
    """
    if "insulin" in text:
        text = text.replace(",", " ")  # "insulin, regular, human" is one insulin
    outside = _parts(_BRACKETED.sub(" ", text))
    inside = _parts(" + ".join(_BRACKETED.findall(text)))
    says_more = len(inside[0]) > len(outside[0]) or (outside[0] == ("insulin",) and inside[0])
    return inside if says_more else outside


def _code(inns: tuple[str, ...]) -> str | None:
    """The code of substances that are all of a drug; none if ATC has none."""
    return _codes().get(inns[0]) if len(inns) == 1 else _combinations().get(frozenset(inns))


def _kept_part(inns: tuple[str, ...]) -> str | None:
    """The code of the largest part that lowers blood pressure or glucose; the first written of two."""
    for size in range(len(inns), 0, -1):
        for part in combinations(inns, size):
            code = _code(part)
            if code is not None and code.startswith(_KEPT):
                return code
    return None


def _mixture(code: str | None, text: str) -> str | None:
    """The code of a premixed insulin where the name says that it is one ("insulin aspart 30/70")."""
    has_protamine = code in ("A10AB04", "A10AB05") and _PROTAMINE.search(text) is not None
    if code is not None and (has_protamine or _MIXED.search(text)):
        return _MIXTURES.get(code, code)
    return code


@lru_cache(maxsize=_REMEMBERED)
def atc_of(name: str) -> str | None:
    """The ATC code of a drug name as written; none for a name that is not known.

    Names of several substances give the code of the combination. See the module for what stands for one without.
    """
    text = _plain(name)
    if _OUTSIDE.search(text):
        return None
    inns, is_whole = _read(text)
    if not inns or len(inns) > _MOST_PARTS or (inns == ("insulin",) and _DEVICE.search(text)):
        return None
    code = _code(inns) if is_whole else None
    if code is None and (len(inns) > 1 or not is_whole):
        code = _kept_part(inns)
    return _mixture(code, text)
