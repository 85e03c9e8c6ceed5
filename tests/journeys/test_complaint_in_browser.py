"""Complaints walked in a browser, in Lithuanian: answered, forwarded, delayed and disputed, VIP."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from playwright.sync_api import Browser, expect
from sqlalchemy import select

from broker_crm.crm.models import Complaint
from tests.journeys.people_at_work import Person, served
from tests.journeys.walk import Walk, a_client, day

ANSWER = "Skundas pagrįstas: pasiūlymą turėjome pateikti anksčiau. Atsiprašome ir atlyginame."


@pytest.fixture
def furnished_url(furnished_sqlite_url: str) -> str:
    return furnished_sqlite_url


@pytest.fixture
def address(brokerage: Any) -> Iterator[str]:
    with served(brokerage.app) as found:
        yield found


class Office:
    """People whose windows open when they have something to do."""

    def __init__(self, browser: Browser, address: str, brokerage: Any) -> None:
        self._browser, self._address = browser, address
        self.brokerage = brokerage
        self._people: dict[str, Person] = {}

    def __getitem__(self, login: str) -> Person:
        if login not in self._people:
            self._people[login] = Person(self._browser, self._address, login)
        return self._people[login]

    def does(self, login: str, step: str, form: str, scope: str = "mine", **values: Any) -> None:
        """Open the step, fill in its form and complete it."""
        person = self[login]
        person.open_task(step, scope)
        person.answer(form, **values)
        person.complete()

    def go_home(self) -> None:
        for person in self._people.values():
            assert person.complaints == []
            person.leave()


@pytest.fixture
def office(brokerage: Any, address: str, browser: Browser) -> Iterator[Office]:
    people = Office(browser, address, brokerage)
    yield people
    people.go_home()


def registered(office: Office, by: str, client_id: int | None = None) -> Walk:
    person = office[by]
    person.visit(f"/complaints/new?client={client_id}" if client_id else "/complaints/new")
    page = person.page
    page.get_by_label("Pareiškėjas", exact=True).fill("Ona Pareiškėja")
    page.get_by_label("Pareiškėjo el. paštas").fill("ona@pareiskeja.example")
    page.get_by_label("Kuo skundžiamasi", exact=True).fill("Pasiūlymo laukiu jau mėnesį.")
    page.get_by_role("button", name="Registruoti", exact=True).click()
    page.wait_for_url(lambda url: not url.endswith("/new") and "client=" not in url)
    return Walk(office.brokerage, row(office.brokerage).instance_id)


def row(brokerage: Any) -> Complaint:
    with brokerage.factory() as session:
        return session.scalars(select(Complaint).order_by(Complaint.id.desc())).first()


def look_into(office: Office) -> None:
    office.does(
        "complaints",
        "Ištirti: paaiškinimai, bylos, skambučiai",
        "complaint-investigate",
        facts="Pasiūlymas vėlavo dvi savaites.",
    )
    office.does(
        "complaints",
        "Klausti draudiko ar produkto vadovo",
        "complaint-ask-others",
        othersOutcome="not-needed",
    )
    office.does(
        "complaints",
        "Klausti pareiškėjo trūkstamų duomenų",
        "complaint-ask-complainant",
        complainantOutcome="not-needed",
    )


def decide(office: Office, decision: str, amount: int = 0) -> None:
    person = office["complaints"]
    person.open_task("Sprendimas dėl skundo")
    person.answer(
        "complaint-decision",
        decisionOutcome="decided",
        decision=decision,
        decisionReasons="Terminas praleistas.",
    )
    if decision != "rejected":
        person.answer("complaint-decision", remedyAmount=amount, remedyText="Grąžinti dalį įmokos")
        person.choose("Kas įvykdys", "Jonas")
    person.complete()


def test_a_justified_complaint_from_registering_to_the_removed_cause(
    brokerage: Any, office: Office
) -> None:
    walk = registered(office, brokerage.owner, brokerage.client_id)
    office.does("complaints", "Ar tai skundas?", "complaint-check", checkOutcome="complaint")
    handler = office["complaints"]
    handler.open_task("Patvirtinti gavimą")
    expect(handler.page.get_by_text(row(brokerage).register_number).first).to_be_attached()
    handler.complete()
    handler.open_task("Klausti draudiko ar produkto vadovo")
    handler.answer(
        "complaint-ask-others",
        othersOutcome="ask",
        othersName="Produkto vadovas",
        othersEmail="produktas@broker.example",
        othersQuestion="Kodėl užtruko?",
    )
    handler.complete()
    brokerage.clock.advance(timedelta(days=3, hours=2))
    walk.sweep()
    assert "complaint-question-chase" in walk.letters
    office.does(
        "complaints",
        "Draudiko ar produkto vadovo atsakymas",
        "complaint-others-answer",
        othersAnswerOutcome="info",
        othersAnswer="Laukta tvirtinimo.",
    )
    office.does(
        "complaints",
        "Ištirti: paaiškinimai, bylos, skambučiai",
        "complaint-investigate",
        facts="Pasiūlymas vėlavo dvi savaites.",
    )
    office.does(
        "complaints",
        "Klausti pareiškėjo trūkstamų duomenų",
        "complaint-ask-complainant",
        complainantOutcome="not-needed",
    )
    decide(office, "upheld", 50)
    office.does("complaints", "Parašyti atsakymą", "complaint-answer", answerText=ANSWER)
    office.does("jonas", "Įvykdyti pažadėtą atlyginimą", "complaint-remedy", remedyDone="Grąžinta")
    office.does(
        "complaints", "Pareiškėjo reakcija", "complaint-reaction", reactionOutcome="accepts"
    )
    handler.open_task("Priežastis ir kaip ją pašalinti")
    handler.answer(
        "complaint-root-cause",
        rootCause="Tvirtinimas užtruko",
        correctiveAction="Antras tvirtintojas",
        actionDueOn=day(brokerage, 20),
    )
    handler.choose(
        "Kuriame proceso žingsnyje?", "Pardavimas naujam klientui · Pasiūlymo tvirtinimas"
    )
    handler.choose("Kas atsakingas", "Jonas")
    handler.complete()
    office.does("jonas", "Pašalinti priežastį", "complaint-action", actionDone="Paskirtas")
    assert (walk.outcome, walk.finished) == ("upheld", True)
    assert sorted(walk.letters) == [
        "complaint-acknowledge",
        "complaint-answer",
        "complaint-question",
        "complaint-question-chase",
    ]
    assert {"acknowledged", "complaint-answered", "complaint-closed"} <= set(walk.measures)
    found = row(brokerage)
    assert (found.status, found.process_key) == ("closed", "new-client-sale")
    handler.visit("/complaints?q=ona+pareiskeja&state=closed")
    handler.page.get_by_role("link", name=found.register_number).click()
    page = handler.page
    expect(page.locator("#time-left")).to_contain_text("Užtruko 3 darbo dienas")
    expect(page.locator("#answer")).to_contain_text("Atsiprašome")
    expect(page.locator("#answer")).to_contain_text("ginčas sprendžiamas teisme")
    expect(page.locator("#cause")).to_contain_text("Pasiūlymo tvirtinimas")
    expect(page.locator("#steps li")).to_have_count(12)


def test_a_complaint_about_the_insurer_is_forwarded_chased_and_answered(
    brokerage: Any, office: Office
) -> None:
    walk = registered(office, "complaints")
    office.does(
        "complaints",
        "Ar tai skundas?",
        "complaint-check",
        checkOutcome="complaint",
        checkedAbout="insurer",
    )
    office.does(
        "complaints",
        "Persiųsti skundą ir pranešti pareiškėjui",
        "complaint-forward",
        forwardTo="Neris Insurance",
        forwardEmail="skundai@neris.example",
    )
    assert sorted(walk.letters) == ["complaint-forward", "complaint-forwarded"]
    office.does(
        "complaints", "Ar persiųstas skundas atsakytas?", "complaint-watch", watchOutcome="silent"
    )
    brokerage.clock.advance(timedelta(days=20))
    walk.sweep()
    assert "complaint-breach" not in walk.measures
    office.does(
        "complaints",
        "Ar persiųstas skundas atsakytas?",
        "complaint-watch",
        watchOutcome="answered",
        forwardAnswer="Išmokėta visa suma.",
    )
    assert (walk.outcome, walk.finished) == ("answered-by-other", True)
    assert "complaint-chase" in walk.letters
    found = row(brokerage)
    assert (found.about, found.forwarded_to) == ("insurer", "Neris Insurance")
    handler = office["complaints"]
    handler.visit(f"/complaints/{found.id}")
    expect(handler.page.locator("#answer")).to_contain_text("Išmokėta visa suma.")
    expect(handler.page.locator("#clock")).to_contain_text("Persiųsta")


def test_a_delayed_complaint_is_disputed_and_goes_to_the_bank_of_lithuania(
    brokerage: Any, office: Office
) -> None:
    walk = registered(office, "complaints")
    office.does("complaints", "Ar tai skundas?", "complaint-check", checkOutcome="complaint")
    office.does("complaints", "Patvirtinti gavimą", "complaint-acknowledge")
    walk.wait_for("delay-letter", days=20)
    assert {"compliance", "manager"} <= walk.told("alert")
    handler = office["complaints"]
    handler.open_task("Pranešti apie vėlavimą ir naują terminą")
    handler.answer("complaint-delay", delayReasons="Laukiame draudiko", newAnswerOn="2027-06-01")
    handler.page.get_by_role("button", name="Užbaigti").click()
    expect(handler.page.get_by_text("Pasirinkite dieną nuo šiandien iki").first).to_be_visible()
    handler.complaints.clear()
    handler.answer("complaint-delay", newAnswerOn="2026-12-30")
    handler.complete()
    assert "complaint-delay" in walk.letters
    walk.wait(days=8)
    assert "complaint-breach" not in walk.measures
    handler.visit("/complaints?state=open-now")
    expect(handler.page.get_by_role("row", name="Ona Pareiškėja")).to_contain_text("2026-12-30")
    look_into(office)
    decide(office, "rejected")
    office.does("complaints", "Parašyti atsakymą", "complaint-answer", answerText=ANSWER)
    office.does(
        "complaints", "Pareiškėjo reakcija", "complaint-reaction", reactionOutcome="disputes"
    )
    look_into(office)
    decide(office, "rejected")
    office.does("complaints", "Parašyti atsakymą", "complaint-answer", answerText=ANSWER)
    office.does(
        "complaints",
        "Pareiškėjo reakcija",
        "complaint-reaction",
        reactionOutcome="bank-of-lithuania",
    )
    office.does(
        "compliance",
        "Lietuvos banko paklausimas",
        "complaint-bank-request",
        "group",
        bankReceivedOn=day(brokerage, 0),
        bankDeadline=day(brokerage, 12),
        bankQuestion="Kodėl vėluota?",
    )
    office.does(
        "compliance",
        "Paaiškinimas Lietuvos bankui",
        "complaint-bank-explanation",
        "group",
        bankExplanation="Laukėme draudiko.",
    )
    office.does(
        "compliance",
        "Lietuvos banko sprendimas",
        "complaint-bank-decision",
        "group",
        bankOutcome="for-us",
        bankDecidedOn=day(brokerage, 0),
    )
    assert walk.open == ["root-cause"]
    assert "bank-decided" in walk.measures
    found = row(brokerage)
    assert (found.bank_outcome, found.reaction) == ("for-us", "bank-of-lithuania")
    handler.visit(f"/complaints/{found.id}")
    expect(handler.page.locator("#clock")).to_contain_text("Atsakyti pažadėtą dieną")
    expect(handler.page.locator("#outcome")).to_contain_text("Mūsų naudai")


def test_a_vip_complaint_is_told_at_once_checked_by_others_and_called_about(
    brokerage: Any, office: Office
) -> None:
    vip = a_client(brokerage, vip=True, kind="natural")
    walk = registered(office, "complaints", vip)
    assert {"manager", "compliance"} <= walk.told("alert")
    office.does("complaints", "Ar tai skundas?", "complaint-check", checkOutcome="complaint")
    office.does("complaints", "Patvirtinti gavimą", "complaint-acknowledge")
    look_into(office)
    decide(office, "partly", 2000)
    office.does(
        "compliance",
        "Sprendimo teisinė patikra",
        "complaint-legal-check",
        "group",
        legalOutcome="approve",
    )
    office.does(
        "manager",
        "Tvirtinti žalos atlyginimą",
        "complaint-remedy-approval",
        "group",
        remedyApprovalOutcome="return",
        legalComment="Pagrįskite sumą.",
    )
    handler = office["complaints"]
    handler.open_task("Sprendimas dėl skundo")
    expect(handler.page.locator("#returned")).to_contain_text("Pagrįskite sumą.")
    decide(office, "partly", 1500)
    office.does(
        "compliance",
        "Sprendimo teisinė patikra",
        "complaint-legal-check",
        "group",
        legalOutcome="approve",
    )
    office.does(
        "manager",
        "Tvirtinti žalos atlyginimą",
        "complaint-remedy-approval",
        "group",
        remedyApprovalOutcome="approve",
    )
    office.does("complaints", "Parašyti atsakymą", "complaint-answer", answerText=ANSWER)
    office.does(
        "compliance",
        "Perskaityti atsakymą",
        "complaint-answer-check",
        "group",
        answerCheckOutcome="approve",
    )
    assert row(brokerage).answered_at is not None
    office.does("jonas", "Įvykdyti pažadėtą atlyginimą", "complaint-remedy", remedyDone="Grąžinta")
    office.does(
        "complaints", "Pareiškėjo reakcija", "complaint-reaction", reactionOutcome="accepts"
    )
    handler.open_task("Priežastis ir kaip ją pašalinti")
    handler.answer(
        "complaint-root-cause",
        rootCause="Klaida",
        correctiveAction="Mokymai",
        actionDueOn=day(brokerage, 20),
    )
    handler.choose("Kas atsakingas", "Jonas")
    handler.complete()
    office.does(
        "manager", "Skambutis VIP klientui", "complaint-satisfaction", "group", satisfied="yes"
    )
    assert walk.outcome == "partly"
