"""A build published while somebody reads: no screen ever mixes two builds, and the next visit sees the new one."""

import json
import re
import urllib.request
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import serving
from tests.support.home import pressure, record, resident, run_build, write_csv
from tests.support.shared import copied
from warehouse.vintages import Revision

pytestmark = pytest.mark.browser
OpenPage = Callable[..., Page]
BUILD = re.compile(r"\d{8}-[0-9a-f]{8}")


@pytest.fixture
def city(small_city: Path, tmp_path: Path) -> Path:
    return copied(small_city, tmp_path).home


@pytest.fixture
def site(city: Path) -> Iterator[str]:
    yield from serving(city)


def current(home: Path) -> str:
    return (home / "CURRENT").read_text().strip()


def publish_more(home: Path, *, revised: bool = True) -> str:
    """Sixty more people of District 1, all raised, published as a revision; returns the id of the new build."""
    more = home / "more"
    refs = [f"new-{i:03}" for i in range(60)]
    write_csv(more / "resident.csv", [resident(ref) for ref in refs])
    write_csv(more / "health_record.csv", [record(ref) for ref in refs])
    rows = [row for ref in refs for day in ("2024-03-06", "2024-04-06") for row in pressure(ref, day, 160)]
    write_csv(more / "measurement.csv", rows)
    run_build(home, more, revision=Revision(reason="sixty late records") if revised else None)
    return current(home)


def builds_on(page: Page) -> set[str]:
    """Every build id that stands anywhere on the screen."""
    return set(BUILD.findall(page.locator("body").inner_text()))


def test_a_reader_stays_on_one_build_and_the_next_visit_gets_the_new(
    open_page: OpenPage, city: Path, site: str
) -> None:
    old = current(city)
    page = open_page("/ncd?lang=en&variant=measured_twice", at=site)
    expect(page.locator("#ncd-lead")).to_contain_text("of 221 people")
    new = publish_more(city)
    assert new != old

    for sex, counted in (("Male", "of 111 men"), ("Female", "of 109 women"), ("Both", "of 221 people")) * 2:
        page.get_by_text(sex, exact=True).first.click()
        expect(page.locator("#ncd-lead")).to_contain_text(counted)
        assert builds_on(page) == {old}

    page.reload()
    expect(page.locator("#ncd-lead")).to_contain_text("of 279 people")
    assert new in builds_on(page)
    expect(page.locator("#ncd-caution")).to_contain_text("vintage 2: sixty late records")


def test_late_records_without_a_revision_change_no_published_number(
    open_page: OpenPage, city: Path, site: str
) -> None:
    new = publish_more(city, revised=False)
    page = open_page("/ncd?lang=en&variant=measured_twice", at=site)
    expect(page.locator("#ncd-lead")).to_contain_text("of 221 people")
    assert new in builds_on(page)


def test_a_bookmark_says_what_moved_and_leads_back(open_page: OpenPage, city: Path, site: str) -> None:
    old = current(city)
    page = open_page("/ncd?lang=en&variant=measured_twice", at=site)
    expect(page.locator("#ncd-lead")).to_contain_text("of 221 people")
    expect(page).to_have_url(re.compile(f"seen={old}"))
    bookmark = page.url.removeprefix(site)
    publish_more(city)

    again = open_page(bookmark, at=site)
    expect(again.locator("#ncd-lead")).to_contain_text("of 279 people")
    expect(again.locator("#notices")).to_contain_text(old)
    again.locator("#notices").get_by_role("link").click()
    expect(again.locator("#ncd-lead")).to_contain_text("of 221 people")
    assert builds_on(again) >= {old}


def test_both_workers_answer_an_open_page_from_its_build(city: Path, site: str) -> None:
    """Asked often and at once, so that every worker answers, before and after publishing."""
    store = {"lang": "en", "condition": "hypertension", "variant": "measured_twice", "build": current(city)}
    with ThreadPoolExecutor(8) as pool:
        before = list(pool.map(lambda _: headline(site, store), range(24)))
        publish_more(city)
        after = list(pool.map(lambda _: headline(site, store), range(24)))

    assert len({json.dumps(answer, sort_keys=True) for answer in (*before, *after)}) == 1


def headline(site: str, store: dict[str, str]) -> Any:
    """The first callback of the explorer, asked as the browser asks it."""
    names = explorer_outputs(site)
    body = {
        "output": ".." + "...".join(names) + "..",
        "outputs": [dict(zip(("id", "property"), name.rsplit(".", 1), strict=True)) for name in names],
        "inputs": [{"id": "ncd-part-places", "property": "data", "value": store}],
        "changedPropIds": ["ncd-part-places.data"],
    }
    request = urllib.request.Request(
        f"{site}/_dash-update-component",
        data=json.dumps(body).encode(),
        headers={"Content-Type": "application/json"},
    )
    with urllib.request.urlopen(request, timeout=20) as answer:
        return json.load(answer)


@cache
def explorer_outputs(site: str) -> tuple[str, ...]:
    """What that callback writes, as the server tells it to every browser."""
    with urllib.request.urlopen(f"{site}/_dash-dependencies", timeout=20) as answer:
        outputs = [item["output"] for item in json.load(answer)]
    (found,) = (output for output in outputs if "ncd-headline.children" in output)
    return tuple(found.strip(".").split("..."))
