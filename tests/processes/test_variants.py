"""Client, product, complexity and price change steps, standards and papers of a sale."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from broker_crm import clock
from broker_crm.engine import commands
from tests.processes.sale import START, Sale


def of(product: str, product_class: str, **more: Any) -> Sale:
    return Sale(
        product={**START["product"], "key": product, "class": product_class},
        productClass=product_class,
        **more,
    )


def to_needs(sale: Sale) -> Sale:
    sale.contact().do("Task_FirstCall", firstCallOutcome="interested")
    if sale.open == ["Task_PlanMeeting"]:
        sale.do("Task_PlanMeeting", meetingAt="2026-03-10T10:00")
        sale.do("Task_Meeting", meetingOutcome="interested-further", covers=["fire"])
    assert sale.open == ["Task_NeedsRecord"]
    return sale


def needs(sale: Sale, **more: Any) -> Sale:
    values = {"sumInsured": 250_000, "covers": ["fire"], **more}
    return to_needs(sale).do("Task_NeedsRecord", **values)


def agreed(sale: Sale) -> Sale:
    sale.offer().send_offer()
    return sale.do("Task_OfferCall", offerCallOutcome="accepts")


def happens(sale: Sale, name: str) -> Sale:
    with clock.use(sale.clock):
        standing = commands.inspect(sale.process, sale.state, sale.around)
        identifier = next(key for key, each in standing.subscriptions.items() if each.name == name)
        sale._take(commands.deliver(sale.process, sale.state, identifier, {}, sale.around))
    return sale


def alerts(sale: Sale) -> list[str]:
    return [job.element_id for job in sale.jobs if job.type == "alert"]


def test_a_simple_product_for_a_person_is_sold_without_meetings_on_the_same_day() -> None:
    sale = of("mtpl", "A", clientKind="natural")
    needs(sale, vehiclePlate="ABC 123", vehicleUser="owner")
    assert sale.open == ["Task_PrepareOffer"]
    assert sale.task.standards.working_days == 0


def test_the_sales_manager_comes_to_the_meeting_of_a_vip_only() -> None:
    for vip, told in ((True, ["Task_InviteSalesManager"]), (False, [])):
        sale = Sale(vip=vip).contact().do("Task_FirstCall", firstCallOutcome="interested")
        sale.do("Task_PlanMeeting", meetingAt="2026-03-10T10:00")
        assert alerts(sale) == told


@pytest.mark.parametrize("product", ["casco", "property"])
def test_what_must_be_looked_at_is_inspected_before_the_offer(product: str) -> None:
    sale = needs(of(product, "B"), beneficiaryKind="leasing", beneficiary="Lizingas")
    assert sale.open == ["Task_Inspection"]
    sale.do("Task_Inspection", inspectedOn="2026-03-11", photosKept=True)
    assert sale.open == ["Task_PrepareOffer"]


def test_the_tender_sets_the_deadline_and_not_the_standard() -> None:
    sale = needs(of("construction", "C"), tenderDeadline="2026-03-12")
    assert sale.open == ["Task_PrepareOffer"]
    assert sale.task.due_at is not None
    assert sale.task.due_at <= datetime(2026, 3, 11, 15, tzinfo=UTC)
    assert needs(of("construction", "C")).task.standards.working_days == 10


@pytest.mark.parametrize(
    ("product", "product_class", "sum_insured", "asked"),
    [("liability", "B", 500_000, 0), ("liability", "B", 500_001, 3), ("cargo", "C", 1_000, 4)],
)
def test_insurers_are_asked_where_a_tariff_is_not_enough(
    product: str, product_class: str, sum_insured: int, asked: int
) -> None:
    insurers = [{"name": f"Draudikas {rank}", "rank": rank} for rank in range(1, 6)]
    sale = to_needs(of(product, product_class))
    told = sale._job
    sale.around = type(sale.around)(
        calendar=sale.around.calendar, run_job=lambda job: {**told(job), "insurers": insurers}
    )
    sale.do("Task_NeedsRecord", sumInsured=sum_insured, covers=["liability"])
    assert sale.open == (["Task_InsurerQuote"] * asked or ["Task_PrepareOffer"])


def test_an_insurer_who_does_not_answer_is_chased_and_left_at_the_deadline() -> None:
    sale = to_needs(of("cargo", "C"))
    told = sale._job
    sale.around = type(sale.around)(
        calendar=sale.around.calendar,
        run_job=lambda job: {**told(job), "insurers": [{"name": "Tyli", "rank": 1}]},
    )
    sale.do("Task_NeedsRecord", sumInsured=1_000, covers=["cargo"])
    began = sale.clock.now()
    sale.wait_for("Boundary_RemindInsurerQuote")
    assert timedelta(days=7) <= sale.clock.now() - began <= timedelta(days=9), "six of ten days"
    sale.wait_for("Boundary_InsurerQuoteClosed")
    assert sale.open == ["Task_PrepareOffer"]
    with clock.use(sale.clock):
        standing = commands.inspect(sale.process, sale.state, sale.around)
    quotes: Any = standing.variables["quotes"]
    assert [each["outcome"] for each in quotes] == ["no-reply"]


@pytest.mark.parametrize(
    ("changes", "level"),
    [({"clientKind": "foreign"}, "simplified"), ({"clientKind": "legal"}, None)],
)
def test_who_must_be_known_better_is_checked_before_the_contract(
    changes: dict[str, Any], level: str | None
) -> None:
    sale = agreed(needs(Sale(**changes)))
    assert sale.open == (["Task_Kyc"] if level else ["Task_PrepareContract"])
    if level:
        sale.do("Task_Kyc", kycOutcome="refused", kycReason="Sankcijos")
        assert sale.outcome == "kyc-refused"


def test_life_insurance_needs_suitability_and_due_diligence() -> None:
    sale = needs(of("life", "B", clientKind="natural"), suitability="suitable", medicalGiven=True)
    assert agreed(sale).open == ["Task_Kyc"]


@pytest.mark.parametrize(
    ("message", "outcome"),
    [("consent-withdrawn", "do-not-contact"), ("bought-elsewhere", "refused")],
)
def test_what_happens_meanwhile_ends_the_sale(message: str, outcome: str) -> None:
    sale = happens(Sale().contact(), message)
    assert (sale.open, sale.outcome) == ([], outcome)


def test_a_complaint_warns_and_the_sale_stays_and_a_second_one_warns_again() -> None:
    sale = Sale().contact()
    for times in (1, 2):
        happens(sale, "complaint-opened")
        assert alerts(sale) == ["Task_WarnComplaint"] * times
    assert sale.open == ["Task_FirstCall"]
