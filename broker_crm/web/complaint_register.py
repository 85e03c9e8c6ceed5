"""What the complaint register shows: filters, rows, figures, and the table that is exported."""

from __future__ import annotations

from dataclasses import asdict
from datetime import date
from decimal import Decimal
from typing import Any

from flask import request
from flask_babel import gettext as _
from flask_babel import ngettext
from sqlalchemy import select
from sqlalchemy.orm import Session

from broker_crm.crm import complaint_register
from broker_crm.crm.complaint_register import Figures, Wanted, answer_due
from broker_crm.crm.models import Complaint, Insurer, Product
from broker_crm.process.calendars import company_calendar
from broker_crm.web import money, staff, times
from broker_crm.web.tables import Cell
from broker_crm.web.wording import (
    COMPLAINT_ABOUT,
    COMPLAINT_BANK,
    COMPLAINT_CHANNEL,
    COMPLAINT_DECISION,
    COMPLAINT_DETAIL,
    COMPLAINT_REACTION,
    COMPLAINT_SEVERITY,
    COMPLAINT_STATUS,
    COMPLAINT_SUBJECT,
    Words,
    word,
)

SHOWN = 200
EXPORTED = 10_000
LONGEST_SEARCH = 100


def wanted() -> Wanted:
    """Filters of the request; what can't be read is as if not asked."""

    def one_of(name: str, words: Words, *more: str) -> str:
        told = request.args.get(name, "")
        return told if told in words or told in more else ""

    sort = request.args.get("sort", "")
    return Wanted(
        state=one_of("state", COMPLAINT_STATUS, "open-now", "late", "breached").replace(
            "open-now", "open"
        ),
        subject=one_of("subject", COMPLAINT_SUBJECT),
        about=one_of("about", COMPLAINT_ABOUT),
        severity=one_of("severity", COMPLAINT_SEVERITY),
        since=_day("since"),
        until=_day("until"),
        text=request.args.get("q", "").strip()[:LONGEST_SEARCH],
        sort=sort if sort in complaint_register.SORTS else "term",
    )


def view(session: Session, asked: Wanted, reader: str) -> dict[str, Any]:
    """Everything that the page shows."""
    found = complaint_register.register_of(session, asked, reader=reader, limit=SHOWN + 1)
    figures = complaint_register.figures(session, asked, reader=reader)
    return {
        "rows": [row(session, each) for each in found[:SHOWN]],
        "more": len(found) > SHOWN,
        "wanted": asked,
        "filtered": asked != Wanted(sort=asked.sort),
        "query": {
            key: str(value) for key, value in asdict(asked).items() if value and key != "text"
        }
        | ({"q": asked.text} if asked.text else {}),
        "choices": [
            ("state", _("State"), asked.state, [*_states()]),
            ("subject", _("Subject"), asked.subject, [*COMPLAINT_SUBJECT.items()]),
            ("about", _("About whom"), asked.about, [*COMPLAINT_ABOUT.items()]),
            ("severity", _("Severity"), asked.severity, [*COMPLAINT_SEVERITY.items()]),
        ],
        "sorts": [
            ("term", _("By term of the answer")),
            ("received", _("Newest first")),
            ("number", _("By number")),
            ("closed", _("Closed last first")),
        ],
        "open": figures.open,
        "late": figures.late,
        "figures": _figures(figures),
    }


def row(session: Session, complaint: Complaint) -> dict[str, Any]:
    """A complaint as the register lists it."""
    words, tone = time_left(session, complaint)
    return {
        "id": complaint.id,
        "number": complaint.register_number,
        "complainant": complaint.complainant,
        "about": word(COMPLAINT_ABOUT, complaint.about),
        "subject": word(COMPLAINT_SUBJECT, complaint.subject),
        "detail": complaint.subject_detail and word(COMPLAINT_DETAIL, complaint.subject_detail),
        "severity": word(COMPLAINT_SEVERITY, complaint.severity or ""),
        "serious": complaint.severity == "high",
        "received": times.day(complaint.received_on),
        "answer_by": times.day(answer_due(complaint)),
        "left": words,
        "left_tone": tone,
        "status": word(COMPLAINT_STATUS, complaint.status),
        "tone": "late" if tone == "late" else "good" if complaint.closed_at else "info",
        "owner": staff.name(session, complaint.owner),
        "decision": word(COMPLAINT_DECISION, complaint.decision or ""),
        "remedy": money.euros(complaint.remedy_amount) if complaint.remedy_amount else "",
        "answered": times.day(complaint.answered_at) if complaint.answered_at else "",
    }


def time_left(session: Session, complaint: Complaint) -> tuple[str, str]:
    """How much of the term is left, or how long the answer took, in words; and the badge's tone."""
    calendar = company_calendar(session)
    due = times.local(answer_due(complaint)).date()
    done = complaint.answered_at or complaint.forwarded_at or complaint.closed_at
    if done is not None:
        day = times.local(done).date()
        took = max(0, calendar.working_days_between(complaint.received_on, day))
        late = complaint.answered_at is not None and day > due
        text: str = ngettext("Took %(num)s working day", "Took %(num)s working days", took)
        return text, "late" if late else "good"
    left = calendar.working_days_between(times.today(), due)
    if due < times.today():
        return times.late_by(calendar.working_days_between(due, times.today())), "late"
    if left == 0:
        return _("The last day is today"), "today"
    remaining: str = ngettext("%(num)s working day left", "%(num)s working days left", left)
    return remaining, "today" if left <= 3 else "info"


def table(session: Session, asked: Wanted, reader: str) -> tuple[list[str], list[list[Cell]]]:
    """The register as a supervisor asks for it: headings and rows."""
    found = complaint_register.register_of(session, asked, reader=reader, limit=EXPORTED)
    insurers = {each.id: each.name for each in session.execute(select(Insurer.id, Insurer.name))}
    products = {each.id: each.name for each in session.execute(select(Product.id, Product.name))}
    headings = [
        _("Number"),
        _("Received"),
        _("Channel"),
        _("Complainant"),
        _("Consumer"),
        _("About whom"),
        _("Insurer"),
        _("Product"),
        _("Subject"),
        _("More exactly"),
        _("Severity"),
        _("Amount claimed, EUR"),
        _("State"),
        _("Receipt acknowledged"),
        _("Answer by law"),
        _("Delay letter"),
        _("Promised day"),
        _("Answered"),
        _("Working days"),
        _("Term broken"),
        _("Decision"),
        _("Remedy, EUR"),
        _("Reaction"),
        _("Bank of Lithuania"),
        _("Root cause"),
        _("Corrective action"),
        _("Action due"),
        _("Handled by"),
    ]
    calendar = company_calendar(session)
    rows: list[list[Cell]] = [
        [
            each.register_number,
            each.received_on,
            word(COMPLAINT_CHANNEL, each.channel),
            each.complainant,
            _("yes") if each.consumer else _("no"),
            word(COMPLAINT_ABOUT, each.about),
            insurers.get(each.insurer_id or 0, ""),
            products.get(each.product_id or 0, ""),
            word(COMPLAINT_SUBJECT, each.subject),
            word(COMPLAINT_DETAIL, each.subject_detail or ""),
            word(COMPLAINT_SEVERITY, each.severity or ""),
            each.claimed_amount,
            word(COMPLAINT_STATUS, each.status),
            _moment(each.acknowledged_at),
            _moment(each.answer_by),
            _moment(each.delay_told_at),
            each.promised_answer_on,
            _moment(each.answered_at),
            calendar.working_days_between(each.received_on, times.local(each.answered_at).date())
            if each.answered_at
            else None,
            _moment(each.breached_at),
            word(COMPLAINT_DECISION, each.decision or ""),
            each.remedy_amount,
            word(COMPLAINT_REACTION, each.reaction or ""),
            word(COMPLAINT_BANK, each.bank_outcome or ""),
            each.root_cause,
            each.corrective_action,
            each.action_due_on,
            staff.name(session, each.owner),
        ]
        for each in found
    ]
    return headings, rows


def _moment(moment: Any) -> Any:
    return times.local(moment) if moment else None


def _states() -> list[tuple[str, str]]:
    special = [
        ("open-now", _("Not answered yet")),
        ("late", _("Past the term")),
        ("breached", _("Term broken")),
    ]
    return special + [(key, str(name)) for key, name in COMPLAINT_STATUS.items() if key != "open"]


def _figures(found: Figures) -> list[tuple[str, str]]:
    median = found.median_days
    return [
        (_("Receipt acknowledged in time"), _share(found.acknowledged_in_time)),
        (_("Answered in time"), _share(found.answered_in_time)),
        (_("Median time of the answer"), "–" if median is None else times.working_days(median)),
        (_("Found justified"), _share(found.upheld)),
        (_("Complained again within a year"), _share(found.repeated)),
        (_("Remedies paid"), money.euros(found.remedies)),
        (_("Lost at the Bank of Lithuania"), _share(found.to_bank)),
        (
            _("Per thousand policies"),
            "–" if found.per_thousand is None else money.number(found.per_thousand),
        ),
    ]


def _share(pair: tuple[int, int]) -> str:
    part, of = pair
    if not of:
        return "–"
    share = money.number((Decimal(100 * part) / of).quantize(Decimal("0.1")))
    return _("%(share)s %% (%(part)s of %(of)s)", share=share, part=part, of=of)


def _day(name: str) -> date | None:
    try:
        return date.fromisoformat(request.args.get(name, ""))
    except ValueError:
        return None
