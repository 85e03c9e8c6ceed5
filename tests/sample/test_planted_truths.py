"""What is planted in the sample, so that the analyses have something to find: by many cases."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from statistics import mean
from typing import Any
from uuid import uuid4

from broker_crm.calendar import lithuanian_calendar
from broker_crm.crm.models import Client
from broker_crm.engine.transition import CreatedTask, Standards
from broker_crm.sample.behaviour import SampleCase, acts_at, result
from broker_crm.sample.behaviour.others import entry
from broker_crm.sample.behaviour.renewing import stays
from broker_crm.sample.chance import evenly, stream
from broker_crm.sample.plans import begins, crowded, evened
from broker_crm.sample.staff import SALESPEOPLE

MANY = 1_000
CALENDAR = lithuanian_calendar(2024, 2028)
NOW = datetime(2026, 3, 10, 8, tzinfo=UTC)
TERMS = {"premiumRate": 0.002, "minPremium": 100.0, "commission": 18.0, "deductible": 500.0}


def sales(owner: str = "jonas", **facts: Any) -> Iterator[SampleCase]:
    for number in range(MANY):
        yield SampleCase(
            key=f"T{number}",
            process="new-client-sale",
            client_id=number,
            owner=owner,
            **{"product": "liability", "email": "a@b.example", **facts},
        )


def task(step: str, days: float = 3, assignee: str = "jonas", due: Any = None) -> CreatedTask:
    return CreatedTask(
        id=uuid4(),
        element_id=step,
        name=step,
        step=step,
        lane=None,
        form_key=None,
        assignee=assignee,
        candidate_group=None,
        due_at=due or CALENDAR.due_at(NOW, days),
        standards=Standards(days, 20, 10),
        outcomes=(),
        outcome_variable="outcome",
        loop_number=1,
        help={},
        local_variables={},
    )


def share(outcomes: list[object], wanted: str, among: set[str]) -> float:
    counted = [each for each in outcomes if each in among]
    return sum(each == wanted for each in counted) / len(counted)


def interested(**facts: Any) -> float:
    told = [
        result(case, task("first-call"), NOW, {}).get("firstCallOutcome") for case in sales(**facts)
    ]
    return share(told, "interested", {"interested", "not-interested"})


def late(assignee: str, step: str, days: float, **facts: Any) -> list[float]:
    waiting = task(step, days, assignee)
    return [
        CALENDAR.late_days(waiting.due_at, acts_at(case, waiting, NOW, CALENDAR))
        for case in sales(owner=assignee, **facts)
        if waiting.due_at
    ]


def late_share(*args: Any, **facts: Any) -> float:
    return mean(each > 0 for each in late(*args, **facts))


def test_one_segment_is_clear_and_the_second_letter_brings_more() -> None:
    clear = interested(sector="transport", product="cargo")
    letter_a, letter_b = interested(letter="A"), interested(letter="B")
    assert 0.50 < clear < 0.62
    assert 0.25 < letter_a < 0.33 and 0.30 < letter_b < 0.40
    assert letter_b > letter_a + 0.03


def test_one_salesperson_calls_late_and_one_approver_is_slow() -> None:
    assert late_share("tomas", "first-call", 3) > 0.6
    for person in SALESPEOPLE:
        if person.login != "tomas":
            assert late_share(person.login, "first-call", 3) < 0.25, person.login
    assert late_share("gintaras", "offer-approval", 2, product="property") > 0.5
    assert late_share("product", "offer-approval", 2) < 0.15


def discount(owner: str) -> float:
    given = []
    for case in sales(owner):
        values = result(case, task("offer-preparation"), NOW, {"standardTerms": TERMS})
        premium, insured = float(str(values["premium"])), float(str(values["sumInsured"]))
        given.append(1 - premium / max(TERMS["minPremium"], insured * TERMS["premiumRate"]))
    return mean(given)


def test_one_salesperson_gives_too_much_away() -> None:
    assert 0.10 < discount("darius") < 0.14
    assert discount("jonas") < 0.05 and discount("ieva") < 0.05


def test_meetings_fail_in_july_and_important_clients_negotiate_longer() -> None:
    def missed(month: int) -> float:
        held = datetime(2026, month, 14, 9, tzinfo=UTC)
        told = [
            result(case, task("meeting", due=held), held, {}).get("meetingOutcome")
            for case in sales()
        ]
        return mean(each == "no-show" for each in told)

    assert missed(7) > 0.3 > 0.2 > missed(3)

    def further(vip: bool) -> float:
        told = [
            result(case, task("negotiation"), NOW, {}).get("negotiationOutcome")
            for case in sales(vip=vip)
        ]
        return mean(each == "further" for each in told)

    assert further(True) > further(False) + 0.15


def test_clients_leave_for_three_reasons() -> None:
    def kept(days_left: int = 40, dearer: float = 1.0, first_term: bool = False) -> float:
        ends = (NOW + timedelta(days=days_left)).date().isoformat()
        cases = (
            SampleCase(
                key=f"R{number}",
                process="renewal",
                client_id=number,
                product="property",
                traits={"endsOn": ends, "premium": 1000.0, "firstTerm": first_term},
            )
            for number in range(MANY)
        )
        return mean(stays(case, NOW, {"premium": 1000.0 * dearer}) for case in cases)

    usual = kept()
    assert usual > 0.88
    assert 0.08 < usual - kept(days_left=10) < 0.17
    assert 0.12 < usual - kept(first_term=True) < 0.22
    assert 0.13 < usual - kept(dearer=1.2) < 0.23


def test_kaunas_is_overloaded_in_december() -> None:
    december = datetime(2026, 12, 7, 8, tzinfo=UTC)

    def lateness(person: str, at: datetime) -> float:
        due = CALENDAR.due_at(at, 3)
        waiting = task("plan-meeting", 3, person, due)
        days = [
            CALENDAR.late_days(due, acts_at(case, waiting, at, CALENDAR))
            for case in sales(owner=person)
        ]
        return mean(each > 0 for each in days)

    assert lateness("ieva", december) > lateness("ieva", NOW) + 0.2
    assert abs(lateness("jonas", december) - lateness("jonas", NOW)) < 0.1


def test_much_of_the_kaunas_teams_year_crowds_into_december() -> None:
    end = datetime(2026, 11, 23, 12, tzinfo=UTC)

    def december(owner: str) -> float:
        clients = [Client(owner=owner)]
        planned = [begins(number, MANY, end, CALENDAR) for number in range(MANY)]
        begun = [crowded(at, number, clients, end, CALENDAR) for number, at in enumerate(planned)]
        assert all(CALENDAR.is_working(at.date()) and at <= end for at in begun)
        return mean(at.month == 12 for at in begun)

    assert december("ieva") > 2 * december("jonas")


def test_shares_are_met_in_every_run_of_cases() -> None:
    for first in (0, 700, 12_345):
        drawn = [evenly(number) for number in range(first, first + 300)]
        assert abs(mean(each < 0.34 for each in drawn) - 0.34) < 0.01


def test_no_segment_but_the_clear_one_stands_out() -> None:
    wholesale, health = sales(sector="wholesale"), sales(sector="health")
    chance = stream("which")
    mixed = [next(chance.choices((wholesale, health), (3, 1))[0]) for _ in range(400)]
    told: dict[str | None, list[bool]] = {}
    for case in evened(mixed):
        drawn = case.traits["drawn"]
        assert isinstance(drawn, float)
        told.setdefault(case.sector, []).append(drawn < 0.3)
    assert all(abs(mean(each) - 0.3) < 0.02 for each in told.values())


def test_what_else_clients_buy_is_priced_near_the_standard() -> None:
    seen = {"sumInsured": 800_000, "addedSum": 50_000, "standardTerms": TERMS}
    for case in sales():
        quoted = entry("quotePremium", case, case.chance("any"), NOW, seen)
        extra = entry("extraPremium", case, case.chance("any"), NOW, seen)
        assert 0.95 * 1_600 <= float(str(quoted)) <= 1.15 * 1_600
        assert 0.97 * 100 <= float(str(extra)) <= 1.06 * 100
