"""The page of the weekly report: sentences with figures, the same as PDF, subscribing."""

from __future__ import annotations

from datetime import timedelta

import pytest

from broker_crm import process
from broker_crm.analysis.answers import Answer
from broker_crm.analysis.models import ReportSubscription
from broker_crm.crm.cases import start_case
from broker_crm.people.models import User
from broker_crm.web.answers import changes

from .conftest import Site
from .test_questions import LETTER


def test_the_page_tells_the_last_whole_week_and_leads_to_others(site: Site) -> None:
    site.clock.advance(timedelta(days=14))
    visitor = site.visitor("manager")
    page = visitor.get("/reports/weekly").text
    assert "Savaitės ataskaita: 2026-11-30 – 2026-12-06" in page
    assert "week=2026-W48" in page and "week=2026-W50" in page
    assert "Kas ir kiek vėlavo" in page and "Visas darbas" in page
    late = visitor.get("/reports/weekly?week=2026-W48").text
    assert "<b>100\u00a0% · n = 1 · 95 % intervalas" in late and "mažai atvejų" in late
    for question in ("Q2", "Q6", "Q8", "Q13"):
        assert f"/questions/{question}?from=2026-11-30" in page
    assert "/questions/Q7?" not in page and "/questions/Q14?" not in page
    narrowed = visitor.get("/reports/weekly?week=2026-W49&process=renewal").text
    assert "Procesas: " in narrowed and "2026-11-30 – 2026-12-06" in narrowed
    drawn = visitor.get("/reports/weekly.pdf?week=2026-W49")
    assert drawn.mimetype == "application/pdf" and drawn.data.startswith(b"%PDF")


def test_the_page_reads_in_english_too(site: Site) -> None:
    with site.factory.begin() as session:
        session.get_one(User, "manager").language = "en"
    page = site.visitor("manager").get("/reports/weekly?week=2026-W47").text
    assert "Report of the week 2026-11-16 – 2026-11-22" in page and "Monday" in page


def test_weeks_and_filters_that_are_not_there_are_not_found(site: Site) -> None:
    visitor = site.visitor("manager")
    for wrong in ("week=2026-W54", "week=soon", "week=2026-W49", "process=unknown", "by=person"):
        visitor.get(f"/reports/weekly?{wrong}", 404)
        visitor.get(f"/reports/weekly.pdf?{wrong}", 404)


def test_people_subscribe_and_unsubscribe(site: Site) -> None:
    visitor = site.visitor("manager")
    assert "Nebesiųsti" not in visitor.get("/reports/weekly").text
    form = {"query": "process=renewal", "weekday": "2"}
    visitor.post("/reports/weekly/subscription", form=form)
    with site.factory() as session:
        kept = session.get_one(ReportSubscription, "manager")
    assert (kept.query, kept.weekday) == ("process=renewal", 2)
    assert "Trečiadienis, 7:00" in visitor.get("/reports/weekly").text
    visitor.post("/reports/weekly/subscription", form={**form, "weekday": "9"})
    visitor.post("/reports/weekly/subscription", 404, form={**form, "query": "process=unknown"})
    visitor.post("/reports/weekly/unsubscription")
    with site.factory() as session:
        assert session.get(ReportSubscription, "manager") is None


def test_each_reads_what_the_role_may_know(site: Site) -> None:
    site.clock.advance(timedelta(days=14))
    with site.factory() as session:
        colleague = session.get_one(User, site.colleague).name
    own = site.visitor(site.owner).get("/reports/weekly").text
    assert "/questions/Q2?" in own and colleague not in own
    product = site.visitor("product").get("/reports/weekly").text
    assert "/questions/Q9?" in product and "/questions/Q2?" not in product
    designer = site.visitor("designer")
    designer.post("/reports/weekly/subscription", 403, form={"weekday": "0"})
    designer.post("/reports/weekly/unsubscription", 403)
    designer.post("/limits/1/change", 403)
    designer.post("/limits/1/delete", 403)


def answered(question: str, value: float | None, **told: object) -> Answer:
    units = {"Q2": "share", "Q6": "days", "Q12": "count", "Q13": "eur"}
    return Answer(question, value, units[question], told.pop("n", 30), **told)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("now", "before", "said"),
    [
        (
            answered("Q2", 0.2, interval=(0.18, 0.22)),
            answered("Q2", 0.5, interval=(0.4, 0.6)),
            "↓ 30 pp less than the week before: 50 % (n = 30), better",
        ),
        (
            answered("Q2", 0.5, interval=(0.3, 0.7)),
            answered("Q2", 0.4, n=7, interval=(0.2, 0.6)),
            "↑ 10 pp more than the week before: 40 % (n = 7), worse, may be chance",
        ),
        (
            answered("Q6", 2.0, interval=(1.0, None)),
            answered("Q6", 4.0, interval=(3.0, 5.0)),
            "↓ 2 w. d. less than the week before: 4 w. d. (n = 30), better, may be chance",
        ),
        (
            answered("Q12", 5.0),
            answered("Q12", 3.0),
            "↑ 2 more than the week before: 3 (n = 30), better",
        ),
        (answered("Q13", 9.9), answered("Q13", 10.1), "→ as the week before: 10 € (n = 30)"),
        (
            answered("Q2", 0.1),
            answered("Q2", None),
            "the week before there was nothing to compare with",
        ),
        (answered("Q2", None), answered("Q2", 0.1), ""),
    ],
)
def test_a_change_is_told_by_arrow_words_and_figures(
    site: Site, now: Answer, before: Answer, said: str
) -> None:
    with site.app.test_request_context(headers={"Accept-Language": "en"}):
        assert changes.since_the_week_before(now, before).replace("\u00a0", " ") == said


def test_the_page_tells_what_has_changed_since_the_week_before(site: Site) -> None:
    site.clock.advance(timedelta(days=7))
    with site.factory.begin() as session:
        variables = {"clientId": site.client_id, "productId": 1}
        other = start_case(session, "new-client-sale", variables, by=site.owner)
        steps = [each.id for each in other.tasks]
    with site.factory.begin() as session:
        process.complete(session, steps[0], LETTER, by=site.owner)
    site.clock.advance(timedelta(days=4))
    visitor = site.visitor("manager")
    page = visitor.get(f"/reports/weekly?week=2026-W49&person={site.owner}").text
    late = page.split("Kas ir kiek vėlavo")[1].split("</section>")[0].replace("\u00a0", " ")
    assert "mažiau nei prieš savaitę: 100 % (n = 1), geriau" in late and "↓" in late
    assert "prieš savaitę" not in page.split("darbo krūvis")[1].split("</section>")[0]
