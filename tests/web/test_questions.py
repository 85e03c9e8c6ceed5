"""The managers' questions on pages and in the API: what is said, to whom, about which part."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import update

from broker_crm.crm.models import Product

from .conftest import Site

ALL = [f"Q{number}" for number in range(1, 15)]
OF_PRODUCTS = ["Q8", "Q9", "Q10"]
WEEK = "from=2026-11-23&to=2026-12-04"


@pytest.fixture
def late(site: Site) -> Site:
    """The first step of the sale is open and four working days late."""
    site.clock.advance(timedelta(days=8))
    return site


def ask(site: Site, login: str, path: str, language: str = "en", expected: int = 200) -> Any:
    headers = {**site.bearer(login), "Accept-Language": language}
    answer = site.app.test_client().get(f"/api/answers{path}", headers=headers)
    assert answer.status_code == expected, answer.text
    return answer.json


def test_the_api_lists_fourteen_questions_and_answers_each(late: Site) -> None:
    listed = ask(late, "manager", "")["items"]
    assert [each["id"] for each in listed] == ALL
    for each in listed:
        for by in each["breakdowns"]:
            for language in ("lt", "en"):
                told = ask(late, "manager", f"/{each['id']}?by={by}&{WEEK}", language)
                assert told["question"] and told["sentence"].endswith(".")
                assert told["by"] == by and told["small"] is (told["n"] < 20)


def test_a_late_step_is_told_with_its_case(late: Site) -> None:
    told = ask(late, "manager", f"/Q2?{WEEK}&by=step")
    assert told["n"] == 1 and told["value"] == 1.0 and told["unit"] == "share"
    assert told["sentence"].startswith("Late on 1 of 1 step, ")
    assert [row["label"] for row in told["rows"]] == ["1. E-mail"]
    assert told["cases"]["total"] == 1 and told["cases"]["hidden"] == 0
    [place] = told["cases"]["items"]
    assert place["instance"] == str(late.instance_id) and place["task"] == str(late.task_id)
    assert place["value"] > 0
    lithuanian = ask(late, "manager", f"/Q2?{WEEK}&by=step", "lt")
    assert lithuanian["sentence"].startswith("Vėluota atlikti 1 iš 1 žingsnio, vidutiniškai ")
    assert lithuanian["rows"][0]["label"] == "1. El. laiškas"


@pytest.mark.parametrize(
    "narrower", ["process=renewal", "product=cargo", "client_kind=natural", "from=2027-01-01"]
)
def test_filters_narrow(late: Site, narrower: str) -> None:
    assert ask(late, "manager", f"/Q2?{narrower}")["n"] == 0


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ("from=yesterday", "from"),
        ("to=2026-02-30", "to"),
        ("from=2026-02-02&to=2026-01-01", "from"),
        ("from=0001-01-01", "from"),
        ("period=decade", "period"),
        ("process=unknown", "process"),
        ("version=two", "version"),
        ("version=99999", "version"),
        ("version=9999999999999999999", "version"),
        ("product=unknown", "product"),
        ("person=nobody", "person"),
        ("team=nobody", "team"),
        ("step=nowhere", "step"),
        ("sector=mining", "sector"),
        ("size=huge", "size"),
        ("region=Atlantis", "region"),
        ("vip=maybe", "vip"),
        ("complexity=D", "complexity"),
        ("price_band=P9", "price_band"),
        ("client_kind=ghost", "client_kind"),
        ("by=colour", "by"),
        ("colour=red", "colour"),
    ],
)
def test_a_bad_filter_is_named(site: Site, query: str, field: str) -> None:
    told = ask(site, "manager", f"/Q2?{query}", expected=422)
    assert list(told["errors"]) == [field] and told["errors"][field][0].endswith(".")


def test_unknown_questions_are_not_found(site: Site) -> None:
    for path in ("/Q0", "/Q15", "/q2", "/%00"):
        ask(site, "manager", path, expected=404)


@pytest.mark.parametrize("login", ["asta", "designer", "complaints", "compliance", "marketing"])
def test_others_ask_nothing(site: Site, login: str) -> None:
    ask(site, login, "", expected=403)
    ask(site, login, "/Q2", expected=403)


def test_a_salesperson_sees_only_the_own_figures(late: Site) -> None:
    own = ask(late, late.owner, f"/Q2?{WEEK}&person={late.colleague}&team=kaunas")
    assert own["about"]["person"] == late.owner and "team" not in own["about"]
    assert [row["key"] for row in own["rows"]] == [late.owner]
    assert "The whole team: late on 1 of 1 step" in own["sentence"]
    other = ask(late, late.colleague, f"/Q2?{WEEK}&person={late.owner}")
    assert other["rows"] == [] and other["cases"]["items"] == []
    assert "best" not in ask(late, late.owner, "/Q5")["facts"]
    ask(late, late.owner, "/Q9?by=approver", expected=422)


def test_a_product_manager_asks_of_own_products(late: Site) -> None:
    assert [each["id"] for each in ask(late, "product", "")["items"]] == OF_PRODUCTS
    ask(late, "product", "/Q2", expected=403)
    own = ask(late, "product", "/Q8")["about"]["products"]
    with late.factory.begin() as session:
        session.execute(update(Product).values(product_manager="manager"))
    assert "liability" in own and ask(late, "product", "/Q8")["about"]["products"] == []
