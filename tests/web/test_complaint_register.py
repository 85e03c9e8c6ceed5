"""The register is found, filtered, exported by those who may, and hidden from whom it is about."""

from __future__ import annotations

import io
from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from openpyxl import load_workbook
from sqlalchemy import select

from broker_crm.crm import complaints
from broker_crm.crm.complaint_register import Wanted, figures, precedents
from broker_crm.crm.complaints import Registration
from broker_crm.crm.models import Complaint
from broker_crm.outreach.models import Notification
from broker_crm.process import complete
from broker_crm.process.models import UserTask

TOLD = Registration(
    received_on=date(2026, 11, 23),
    channel="email",
    complainant="Ona Žukauskienė",
    complainant_email="ona@pareiskeja.example",
    subject="delay",
    description="Pasiūlymo laukiu jau mėnesį.",
)


def register(site: Any, **changes: Any) -> int:
    with site.factory.begin() as session:
        started = complaints.register(session, replace(TOLD, **changes), by="jonas")
        return session.scalars(
            select(Complaint.id).where(Complaint.instance_id == started.instance.id)
        ).one()


def test_filters_search_order_and_days_left(site: Any) -> None:
    register(site, received_on=date(2026, 11, 3), complainant="Petras Senas", subject="delay")
    register(site, subject="service-quality", claimed_amount=Decimal(5000))
    handler = site.visitor("complaints")
    page = handler.get("/complaints").text
    assert page.index("Petras Senas") < page.index("Ona Žukauskienė")
    assert "Liko 15 darbo dienų" in page
    assert "Liko 1 darbo diena" in page
    site.clock.advance(timedelta(days=3))
    handler = site.visitor("complaints")
    late = handler.get("/complaints?state=late").text
    assert "Petras Senas" in late and "Ona Žukauskienė" not in late
    assert "Vėluoja 2 d. d." in late
    for query in ("q=zukauskiene", "subject=service-quality", "severity=high", "since=2026-11-20"):
        found = handler.get(f"/complaints?{query}").text
        assert "Ona Žukauskienė" in found and "Petras Senas" not in found, query
    assert "Ona" not in handler.get("/complaints?until=2026-11-10").text
    handler.get("/complaints?since=nonsense&sort=x&state=%27")


def test_the_exported_register_opens_in_a_spreadsheet_and_holds_no_formulas(site: Any) -> None:
    register(site, complainant="=cmd()", claimed_amount=Decimal("1250.50"))
    register(site, subject="product-quality")
    handler = site.visitor("complaints")
    text = handler.get("/complaints/register.csv?subject=delay").data.decode("utf-8-sig")
    heading, line = text.strip().splitlines()
    assert heading.startswith("Numeris;Gauta;")
    assert "'=cmd()" in line and "1250,50" in line
    book = load_workbook(io.BytesIO(handler.get("/complaints/register.xlsx").data))
    rows = list(book.active.values)
    assert len(rows) == 3
    assert rows[1][3] == "'=cmd()" or rows[2][3] == "'=cmd()"
    site.visitor("jonas").get("/complaints/register.csv", 403)


def test_the_person_complained_about_sees_nothing_of_it_whatever_the_roles(site: Any) -> None:
    complaint_id = register(site, employee="manager", claimed_amount=Decimal(5000))
    with site.factory() as session:
        complaint = session.get_one(Complaint, complaint_id)
        case, number = complaint.instance_id, complaint.register_number
        task = session.scalars(select(UserTask.id).where(UserTask.instance_id == case)).first()
        told = session.scalars(
            select(Notification.login).where(Notification.instance_id == case)
        ).all()
    assert "compliance" in told and "manager" not in told
    manager = site.visitor("manager")
    assert number not in manager.get("/complaints").text
    assert number not in manager.get("/instances").text
    assert number not in manager.get("/complaints/register.csv").text
    manager.get(f"/complaints/{complaint_id}", 404)
    manager.get(f"/instances/{case}", 404)
    manager.get(f"/tasks/{task}", 404)
    for login, expected in (("compliance", 200), ("complaints", 200), ("analyst", 404)):
        site.visitor(login).get(f"/instances/{case}", expected)


def test_precedents_and_figures_come_from_decided_complaints(site: Any) -> None:
    first = register(site, detail="fees")
    with site.factory.begin() as session:
        complaint = session.get_one(Complaint, first)
        complaint.decision, complaint.remedy_amount = "upheld", Decimal(50)
        complaint.acknowledged_at = complaint.answered_at = site.clock.now() + timedelta(days=2)
        complaint.root_cause = "Tvirtinimas užtruko"
    second = register(site, detail="fees")
    with site.factory() as session:
        row = session.get_one(Complaint, second)
        assert [each.id for each in precedents(session, row, reader="x")] == [first]
        found = figures(session, Wanted(), reader="x")
        decide = session.scalars(select(UserTask).where(UserTask.instance_id == row.instance_id))
        open_step = decide.first()
    assert (found.open, found.answered_in_time, found.median_days) == (1, (1, 1), 2)
    assert (found.upheld, found.remedies) == ((1, 1), Decimal(50))
    steps = [
        ("complaint-check", {"checkOutcome": "complaint"}),
        ("acknowledge", {}),
        ("investigate", {"facts": "Vėlavo"}),
        ("ask-others", {"othersOutcome": "not-needed"}),
        ("ask-complainant", {"complainantOutcome": "not-needed"}),
    ]
    with site.factory.begin() as session:
        for step, values in steps:
            task = session.scalars(
                select(UserTask).where(
                    UserTask.instance_id == open_step.instance_id, UserTask.step == step
                )
            ).one()
            complete(session, task.id, values, by="complaints")
        decision = session.scalars(
            select(UserTask.id).where(
                UserTask.instance_id == open_step.instance_id,
                UserTask.step == "complaint-decision",
            )
        ).one()
    beside = site.visitor("complaints").get(f"/tasks/{decision}").text
    assert "Panašūs skundai" in beside and "Tvirtinimas užtruko" in beside
