"""Lines of offers behind an answer as pages, spreadsheets and the API show them, by rights."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from flask import url_for
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from broker_crm.analysis.answers import LISTED
from broker_crm.analysis.ledger import ledger
from broker_crm.analysis.questions.offer_lines import BEHIND, offer_lines
from broker_crm.crm.models import Client, Offer
from broker_crm.crm.visibility import visible_clients
from broker_crm.people.models import User
from broker_crm.process.models import ProcessInstance
from broker_crm.process.rights import visible_instances
from broker_crm.web import staff
from broker_crm.web.answers import figures, labels
from broker_crm.web.answers.reply import Reply
from broker_crm.web.answers.rows import with_unit
from broker_crm.web.tables import Cell
from broker_crm.web.wording import OFFER_STATUS, Words, word

EXPORTED = 5_000
"""Lines of a spreadsheet at most."""
COLUMN: Words = {
    "premium": _l("Premium"),
    "std_premium": _l("Standard premium"),
    "premium_deviation": _l("Premium below the standard"),
    "commission_percent": _l("Commission"),
    "std_commission_percent": _l("Standard commission"),
    "commission_deviation": _l("Commission below the standard"),
    "effect": _l("Commission given away"),
    "gift": _l("Premium given away"),
}
STANDARD = ("premium", "commission_percent")
"""Columns under which a page tells the standard."""
UNIT = {
    "premium": "eur",
    "std_premium": "eur",
    "premium_deviation": "percent",
    "commission_percent": "percent",
    "std_commission_percent": "percent",
    "commission_deviation": "points",
    "effect": "eur",
    "gift": "eur",
}


@dataclass(frozen=True, slots=True)
class Line:
    """One line of an offer of which the reader may know.

    Attributes:
        row: as `offer_lines` gives it.
        client: its name.
        opens: whether the reader may open the offer.
    """

    row: Mapping[str, Any]
    client: str
    opens: bool


@dataclass(frozen=True, slots=True)
class Lines:
    """Lines behind an answer.

    Attributes:
        shown: those that the reader may know of.
        hidden: how many of those listed the reader may not know of.
        total: how many there are in all.
    """

    shown: list[Line]
    hidden: int
    total: int


def behind(session: Session, user: User, found: Reply, limit: int = LISTED) -> Lines | None:
    """The lines behind an answer; None where it does not count lines of offers.

    Who sees the client or the case sees the line; who sees the client opens the offer. Which lines
    there are, such as own ones or those of own products, was decided with the question.
    """
    if found.answer.id not in BEHIND:
        return None
    with ledger(session) as columns:
        rows, total = offer_lines(columns, found.part, found.answer.id, limit)
    offers = {
        row.id: row
        for row in session.execute(
            select(Offer.id, Client.name, visible_clients(user).label("opens"))
            .join(Client, Client.id == Offer.client_id)
            .join(ProcessInstance, ProcessInstance.id == Offer.instance_id)
            .where(
                Offer.id.in_({row["offer_id"] for row in rows}),
                or_(visible_clients(user), visible_instances(user)),
            )
        )
    }
    shown = [
        Line(row, offers[row["offer_id"]].name, bool(offers[row["offer_id"]].opens))
        for row in rows
        if row["offer_id"] in offers
    ]
    return Lines(shown, len(rows) - len(shown), total)


def view(session: Session, found: Lines | None, *, at_most: int | None) -> dict[str, Any] | None:
    """The table of the page, its first lines or all that are listed; None without lines."""
    if found is None or not found.total:
        return None
    listed = found.shown if at_most is None else found.shown[:at_most]
    return {
        "columns": [
            str(heading) for name, heading in COLUMN.items() if not name.startswith("std_")
        ],
        "rows": [
            {
                **_named(session, line),
                "address": _address(line) if line.opens else None,
                "case": url_for("instances.show", instance_id=UUID(line.row["case_id"])),
                "cells": [
                    (
                        str(heading),
                        figures.figure(line.row[name], UNIT[name]),
                        figures.figure(line.row[f"std_{name}"], UNIT[name])
                        if name in STANDARD
                        else "",
                    )
                    for name, heading in COLUMN.items()
                    if not name.startswith("std_")
                ],
            }
            for line in listed
        ],
        "total": figures.number(found.total),
        "listed": figures.number(len(found.shown)),
        "cut": found.total > len(found.shown) + found.hidden,
        "hidden": found.hidden,
        "more": len(found.shown) > len(listed),
    }


def exported(session: Session, found: Lines) -> tuple[list[str], list[list[Cell]]]:
    """The lines for a spreadsheet: headings and cells."""
    headings = [_("Client"), _("Offer"), _("Version"), _("Product"), _("Prepared")]
    headings += [with_unit(str(heading), UNIT[name]) for name, heading in COLUMN.items()]
    headings += [_("Prepared by"), _("Approver"), _("State"), _("Address")]
    lines: list[list[Cell]] = []
    for line in found.shown:
        named, row = _named(session, line), line.row
        lines.append(
            [
                line.client,
                row["offer_id"],
                row["offer_version"],
                named["product"],
                row["prepared_on"],
                *(figures.exported(row[name], UNIT[name]) for name in COLUMN),
                named["person"],
                named["approver"],
                named["status"],
                _address(line, whole=True) if line.opens else "",
            ]
        )
    return headings, lines


def shape(found: Lines) -> dict[str, Any]:
    """The lines as the API gives them."""
    return {
        "total": found.total,
        "hidden": found.hidden,
        "items": [
            {
                **{
                    name: value
                    for name, value in line.row.items()
                    if name not in ("case_id", "prepared_on")
                },
                "instance": str(UUID(line.row["case_id"])),
                "prepared_on": line.row["prepared_on"] and str(line.row["prepared_on"]),
                "link": _address(line) if line.opens else None,
            }
            for line in found.shown
        ],
    }


def _named(session: Session, line: Line) -> dict[str, str]:
    row = line.row
    return {
        "client": line.client,
        "offer": _(
            "Offer %(number)s, version %(version)s",
            number=row["offer_id"],
            version=row["offer_version"],
        ),
        "product": labels.label(session, "product", row["line_product"]),
        "person": staff.name(session, row["person"]),
        "approver": staff.name(session, row["approver"]) or "–",
        "status": word(OFFER_STATUS, row["offer_status"]),
    }


def _address(line: Line, *, whole: bool = False) -> str:
    return url_for("offer_register.show", offer_id=line.row["offer_id"], _external=whole)
