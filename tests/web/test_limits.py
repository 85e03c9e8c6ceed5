"""“Tell me when …”: limits on figures are set on a question's page and kept by their owner."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select

from broker_crm.analysis.models import FigureLimit
from broker_crm.people.models import User
from broker_crm.web.answers import watch

from .conftest import Site

ASKED = {
    "query": "process=new-client-sale",
    "measure": "",
    "comparison": "above",
    "bound": "20,5",
    "days": "90",
    "least": "1",
}


def the_limit(site: Site) -> Any:
    with site.factory() as session:
        return session.scalars(select(FigureLimit)).one()


def test_a_limit_keeps_the_filters_of_the_page_and_shows_how_it_stands(site: Site) -> None:
    visitor = site.visitor("manager")
    page = visitor.get("/questions/Q2?process=new-client-sale&period=month").text
    assert "Praneškite, kai" in page and 'name="query" value="process=new-client-sale"' in page
    visitor.post("/questions/Q2/limits", form=ASKED)
    kept = the_limit(site)
    assert (kept.owner, kept.query, kept.bound) == ("manager", "process=new-client-sale", 0.205)
    listed = visitor.get("/limits").text
    assert "Vėluojančių žingsnių dalis daugiau nei 20,5" in listed and "Dar nežiūrėta" in listed
    assert "per pastarąsias 90 dienų; Procesas: " in listed
    assert "/questions/Q2?process=new-client-sale" in listed and 'value="20.5"' in listed
    site.clock.advance(timedelta(days=14))
    assert watch.look(site.factory) == 1
    listed = visitor.get("/limits").text
    assert "Peržengta" in listed and "100" in listed
    bell = visitor.get("/notifications").text
    assert "Vėluojančių žingsnių dalis daugiau nei 20,5" in bell and 'href="/limits"' in bell
    assert "Vėluojančių žingsnių dalis" in visitor.get("/letters").text


def test_the_list_reads_in_english_too(site: Site) -> None:
    with site.factory.begin() as session:
        session.get_one(User, "manager").language = "en"
    visitor = site.visitor("manager")
    visitor.post("/questions/Q2/limits", form=ASKED)
    listed = visitor.get("/limits").text
    assert "Share of late steps above 20.5" in listed and "the last 90 days" in listed


def test_a_limit_is_changed_and_deleted_by_its_owner_alone(site: Site) -> None:
    visitor = site.visitor("manager")
    visitor.post("/questions/Q2/limits", form=ASKED)
    limit = the_limit(site)
    stranger = site.visitor("analyst")
    assert "Ribų dar nėra" in stranger.get("/limits").text
    for action in ("change", "delete"):
        stranger.post(f"/limits/{limit.id}/{action}", 404, form=ASKED)
    visitor.post(f"/limits/{limit.id}/change", form={**ASKED, "measure": "mean", "bound": "3"})
    assert (the_limit(site).measure, the_limit(site).bound) == ("mean", 3)
    visitor.post(f"/limits/{limit.id}/delete")
    assert "Ribų dar nėra" in visitor.get("/limits").text


@pytest.mark.parametrize(
    ("field", "text"),
    [
        ("bound", "daug"),
        ("bound", "nan"),
        ("bound", ""),
        ("measure", "person"),
        ("days", "8"),
        ("least", "0"),
        ("comparison", ""),
    ],
)
def test_what_can_not_be_judged_is_refused_in_words(site: Site, field: str, text: str) -> None:
    visitor = site.visitor("manager")
    visitor.post("/questions/Q2/limits", form={**ASKED, field: text})
    page = visitor.get("/questions/Q2").text
    assert re.search(r"message-bad|Riba turi būti|Pasirinkite|Tokio laikotarpio|Mažiausias", page)
    with site.factory() as session:
        assert session.scalars(select(FigureLimit)).all() == []


def test_limits_are_set_only_on_questions_that_one_may_ask(site: Site) -> None:
    site.visitor("product").post("/questions/Q2/limits", 403, form=ASKED)
    site.visitor("designer").post("/questions/Q2/limits", 403, form=ASKED)
    site.visitor("product").post("/questions/Q9/limits", form=ASKED)
    made_up = {**ASKED, "query": "process=unknown"}
    site.visitor("manager").post("/questions/Q2/limits", 404, form=made_up)


def test_a_salesperson_watches_own_figures(site: Site) -> None:
    visitor = site.visitor(site.colleague)
    visitor.post("/questions/Q2/limits", form=ASKED)
    site.clock.advance(timedelta(days=14))
    assert watch.look(site.factory) == 0
    assert the_limit(site).last_n == 0
