"""What is planted in the past is what the questions' pages tell, and nothing else is told.

Each test reads the page as a manager does: the sentence, the figure, the table.
"""

from __future__ import annotations

import re

from sqlalchemy import func, select

from broker_crm.crm.models import Client, Offer, OfferLine
from broker_crm.people.models import Role, Team, User, UserRole
from broker_crm.process.calendars import company_calendar
from broker_crm.process.models import ProcessInstance, UserTask
from broker_crm.sample.peculiar import ASKED_DAYS_AGO, DUPLICATES, NOT_PERMITTED
from tests.conftest import MONDAY

from . import planted
from .conftest import Manager
from .reading import number

SALE = "process=new-client-sale&period=all"


def name(manager: Manager, login: str) -> str:
    with manager.factory() as session:
        return session.get_one(User, login).name


def crowded_team(manager: Manager) -> str:
    with manager.factory() as session:
        return session.get_one(Team, planted.CROWDED_TEAM).name


def test_the_late_caller_is_named_with_the_days(manager: Manager) -> None:
    found = manager.asks("Q2", f"{SALE}&step=first-call&by=person")
    first, second = found.rows[:2]
    assert first.name == name(manager, planted.LATE_CALLER)
    assert first.covers(planted.CALLER_SHARE)
    assert abs(first.figure("Average when late") - planted.CALLER_DAYS) < 0.2
    assert first.figure("Days late on average") > 10 * second.figure("Days late on average")
    own = manager.asks("Q2", f"{SALE}&step=first-call&person={planted.LATE_CALLER}")
    assert own.sentence.startswith(f"{first.name}: late on ")
    assert abs(number(own.figure) - 100 * planted.CALLER_SHARE) < 4
    manager.visitor.post("/language/lt")
    lithuanian = manager.visitor.get("/questions/Q2?period=all&step=first-call&person=tomas").text
    manager.visitor.post("/language/en")
    assert "vėluota atlikti" in lithuanian and first.name in lithuanian


def test_hauliers_who_are_offered_cargo_insurance_are_the_clear_segment(manager: Manager) -> None:
    found = manager.asks("Q7", SALE)
    assert "Yes: " in found.sentence
    assert "Cargo and carrier's liability (CMR)" in found.sentence
    assert "Transport" in found.sentence
    assert abs(number(found.figure) - 100 * planted.CLEAR) < 3
    others = number(found.sentence.split("of the others")[1])
    assert 28 <= others <= 34


def test_no_segment_is_clear_where_none_was_planted(manager: Manager) -> None:
    for query in ("process=renewal", "client_kind=natural", "sector=it", "product=property"):
        found = manager.asks("Q7", f"{query}&period=all")
        assert found.sentence.startswith("No clear segment yet"), (query, found.sentence)
        assert all(row.n >= 10 for row in found.rows)


def test_the_clear_segment_is_not_claimed_from_too_few_cases(manager: Manager) -> None:
    found = manager.asks("Q7", "process=new-client-sale&from=2026-09-01&to=2026-11-23")
    assert found.sentence.startswith("No clear segment yet; about ")
    assert number(found.sentence) > 0 and found.sentence.endswith("more conversations needed.")


def test_slow_approvals_are_found_by_product(manager: Manager) -> None:
    late = manager.asks("Q2", f"{SALE}&step=offer-approval&by=product")
    assert late.rows[0].name == "Commercial property insurance"
    assert late.rows[0].covers(planted.SLOW_SHARE)
    assert late.rows[0].figure("Average when late") == planted.SLOW_DAYS
    assert all(row.figure("Late") == 0 for row in late.rows[1:])
    prepared = manager.asks("Q8", f"{SALE}&step=offer-preparation&by=product")
    slow = prepared.row(late.rows[0].name)
    others = [row for row in prepared.rows if row is not slow]
    assert slow.figure("Half within") == 3 > max(row.figure("Half within") for row in others)
    assert slow.figure("Waited for approval") > 1


def test_who_gives_premium_away_is_named_with_the_percent_and_the_money(manager: Manager) -> None:
    given = manager.asks("Q9", f"{SALE}&by=person")
    first, *others = given.rows
    assert first.name == name(manager, planted.GENEROUS)
    assert abs(first.figure("Premium below the standard") - planted.GIVEN) < 0.6
    for row in others:
        assert abs(row.figure("Premium below the standard") - planted.USUALLY_GIVEN) < 0.6
    own = manager.asks("Q9", f"{SALE}&person={planted.GENEROUS}")
    assert "Premiums are 1" in own.rest and "below the standard in all" in own.rest
    cost = manager.asks("Q10", f"{SALE}&by=person")
    assert cost.rows[0].name == first.name
    assert cost.rows[0].figure("Commission given away") > 1.5 * cost.rows[1].figure(
        "Commission given away"
    )


def test_the_better_letter_is_seen_by_version(manager: Manager) -> None:
    found = manager.asks("Q3", f"{SALE}&step=first-call&client_kind=natural&by=version")
    before, after = sorted(found.rows, key=lambda row: row.name)
    assert before.covers(planted.USUAL["A"]) and after.covers(planted.USUAL["B"])
    gained = after.figure("Interested, %") - before.figure("Interested, %")
    assert abs(gained - 6) < 1


def test_meetings_fail_in_july(manager: Manager) -> None:
    def missed(month: str, last: int) -> float:
        query = f"step=meeting&from=2026-{month}-01&to=2026-{month}-{last}"
        told = manager.asks("Q6", query).rest
        return number(told.split("within the standard; to ")[1])

    assert missed("07", 31) > 30 > 2 * max(missed("05", 31), missed("06", 30), missed("09", 30))


def test_important_clients_negotiate_in_more_rounds(manager: Manager) -> None:
    found = manager.asks("Q11", "process=renewal&period=all&by=vip")
    important, others = found.row("VIP clients"), found.row("Not VIP clients")
    assert abs(important.figure("Go on, %") - 100 * planted.FURTHER_VIP) < 3
    assert abs(others.figure("Go on, %") - 100 * planted.FURTHER) < 3
    assert important.figure("Rounds in a case") > others.figure("Rounds in a case") + 0.2


def test_the_crowded_team_is_late_in_december_and_only_then(manager: Manager) -> None:
    def rows(first: str, last: str) -> dict[str, float]:
        query = f"process=new-client-sale&from={first}&to={last}&by=team"
        found = manager.asks("Q2", query)
        crowded = found.row(crowded_team(manager))
        if first == "2025-12-01":
            assert crowded is found.rows[0] and crowded.covers(planted.CROWDED_SHARE)
            assert abs(crowded.figure("Average when late") - planted.CROWDED_DAYS) < 0.2
        return {row.name: row.figure("Late, %") for row in found.rows}

    december, autumn = rows("2025-12-01", "2025-12-31"), rows("2025-09-01", "2025-11-30")
    crowded = december.pop(crowded_team(manager))
    assert crowded > 30 > 15 > max(december.values())
    assert autumn[crowded_team(manager)] < 10


def test_the_december_to_come_is_seen_in_the_load(manager: Manager) -> None:
    def loads(team: str) -> list[str]:
        page = manager.visitor.get(f"/questions/Q4?team={team}&all=yes").text
        cells = re.findall(r'class="load( above)?".*?<span>([^<]*)</span>', page)
        return [figure for above, figure in cells if above]

    with manager.factory() as session:
        selling = UserRole.role == Role.SALESPERSON
        people = select(User.login).join(UserRole, UserRole.login == User.login).where(selling)
        crowded = session.scalars(people.where(User.team_key == planted.CROWDED_TEAM)).all()
    assert loads(planted.CROWDED_TEAM) == ["150\u00a0%"] * (2 * len(crowded))
    assert loads("vilnius") == []


def test_who_is_little_known_is_grey_and_not_praised(manager: Manager) -> None:
    little = name(manager, planted.LITTLE_KNOWN)
    efficiency = manager.asks("Q5", f"{SALE}&by=person")
    row = efficiency.row(little)
    others = [each for each in efficiency.rows if each is not row]
    assert row.few and not any(each.few for each in others)
    assert row.figure("Of the expected") > max(each.figure("Of the expected") for each in others)
    assert "The highest: " in efficiency.rest and little not in efficiency.rest
    own = manager.asks("Q3", f"{SALE}&step=first-call&person={planted.LITTLE_KNOWN}")
    assert own.few and number(own.figure) == 100
    won = manager.asks("Q12", f"{SALE}&by=person").row(little)
    assert won.few and won.figure("Bought") == planted.LITTLE


def test_the_price_of_late_renewal_offers_is_found_at_their_step(manager: Manager) -> None:
    found = manager.asks("Q13", "process=renewal&period=all")
    delays = {row.name: row.figure("Delay") for row in found.rows}
    late = max(delays, key=lambda each: delays[each])
    assert late == "Compare and recommend"
    assert all(cost == 0 for step, cost in delays.items() if step != late)
    with manager.factory() as session:
        offers = select(UserTask).join(ProcessInstance, UserTask.instance_id == ProcessInstance.id)
        offers = offers.where(
            ProcessInstance.process_key == "renewal", UserTask.step == "offer-preparation"
        )
        days = sum(
            planted.LATE_OFFER_DAYS
            for each in session.scalars(offers)
            if each.due_at and each.due_at < (each.completed_at or MONDAY)
        )
        won = select(func.avg(OfferLine.premium * OfferLine.commission_percent / 100))
        won = won.join(Offer, OfferLine.offer_id == Offer.id)
        won = won.join(ProcessInstance, Offer.instance_id == ProcessInstance.id)
        commission = session.scalar(won.where(ProcessInstance.outcome == "renewed-same-insurer"))
    price_of_a_day = (planted.KEPT - planted.KEPT_WHEN_LATE) / planted.LATE_OFFER_DAYS
    expected = days * price_of_a_day * float(commission or 0) / (planted.DAYS / 30.4375)
    assert abs(delays[late] / expected - 1) < 0.15


def test_those_who_leave_over_the_price_are_counted(manager: Manager) -> None:
    found = manager.asks("Q12", "process=renewal&period=all&by=reason")
    with manager.factory() as session:
        counted = dict(
            session.execute(
                select(ProcessInstance.reason, func.count())
                .where(ProcessInstance.outcome == "lost-to-competitor")
                .group_by(ProcessInstance.reason)
            ).all()
        )
    told = {row.n for row in found.rows if row.figure("Bought") == 0}
    assert told == set(counted.values())
    leaving = sum(counted.values())
    assert abs(counted["price"] / leaving - planted.DEARER) < 0.02


def test_bought_and_refused_are_as_many_as_there_were(manager: Manager) -> None:
    with manager.factory() as session:
        calendar = company_calendar(session)
        ended = [
            each.outcome
            for each in session.scalars(
                select(ProcessInstance).where(
                    ProcessInstance.process_key == "new-client-sale",
                    ProcessInstance.ended_at.is_not(None),
                )
            )
            if each.ended_at and calendar.local_day(each.ended_at).year == MONDAY.year
        ]
    found = manager.asks("Q12", "process=new-client-sale&period=year&by=ending")
    assert number(found.figure) == ended.count("signed")
    assert found.row("Bought").n == ended.count("signed")
    assert found.row("Could not be reached").n == ended.count("unreachable") + ended.count(
        "no-show"
    )
    assert sum(row.n for row in found.rows) == len(ended)


def test_prospects_are_as_many_as_may_be_spoken_to_and_pairs_as_are_listed(
    manager: Manager,
) -> None:
    with manager.factory() as session:
        clients = list(session.scalars(select(Client).where(Client.kind == "natural")))
    refused = [each for each in clients if each.do_not_contact]
    prospects = [each for each in clients if each.status == "prospect"]
    assert len(refused) == NOT_PERMITTED + len(ASKED_DAYS_AGO)
    found = manager.asks("Q1", "client_kind=natural")
    assert number(found.figure) == len([each for each in prospects if not each.do_not_contact])
    assert f"{DUPLICATES} pairs of records may be the same client" in manager.asks("Q1").rest
    listed = manager.visitor.get("/clients/duplicates").text
    assert listed.count('class="card pair"') == DUPLICATES
