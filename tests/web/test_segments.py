"""Segments on the page: the verdict, what was found, its cases and tables."""

from __future__ import annotations

import html
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace

import pytest
from sqlalchemy.orm import Session

from bench.planted import Plan, planted
from broker_crm.analysis.ledger import Ledger
from broker_crm.web.analyse.segments import pages
from broker_crm.web.answers.asked import Asked

from .conftest import Site

PAGE = "/analysis/segments"


def open_with(monkeypatch: pytest.MonkeyPatch, plan: Plan) -> None:
    made = planted(1, plan)

    @contextmanager
    def columns(session: Session, _told: Asked) -> Iterator[Ledger]:
        yield replace(made, session=session)

    monkeypatch.setattr(pages, "ground", columns)


def text(site: Site, path: str, expected: int = 200) -> str:
    visitor = site.visitor("analyst")
    visitor.post("/language/en")
    return html.unescape(visitor.get(path, expected).text)


def test_a_clear_segment_is_named_with_its_cases(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    open_with(monkeypatch, Plan(1200, segment=("fleet", "call", -0.5)))
    page = text(site, f"{PAGE}?period=all")
    assert "Yes, a clear segment: fleet," in page and "area under the curve of" in page
    assert f"{PAGE}/cases?" in page and "polyline" not in page
    listed = text(site, f"{PAGE}/cases?period=all&segment=size%3Dfleet")
    assert "Cases of the segment" in listed and "of 2" in listed
    saved = site.visitor("analyst").get(f"{PAGE}/rows.csv?period=all").data.decode("utf-8-sig")
    assert saved.count("\n") > 2 and saved.splitlines()[0].count(";") == 10
    for wrong in ("", "segment=colour%3Dred", "segment=x"):
        text(site, f"{PAGE}/cases?{wrong}", 404)


def test_no_clear_segment_is_an_answer(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    open_with(monkeypatch, Plan(1200))
    page = text(site, f"{PAGE}?period=all&depth=3")
    assert "No clear segment" in page and "Yes, a clear segment" not in page
    assert "Bought" in text(site, f"{PAGE}?period=all&target=won")


def test_few_cases_and_nonsense(site: Site) -> None:
    assert "Too few cases to look for segments: 0" in text(site, PAGE)
    for query in ("target=luck", "depth=9", "sector=mining", "colour=red"):
        text(site, f"{PAGE}?{query}", 422)
