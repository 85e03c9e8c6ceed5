"""Names of the keys by which questions count, as people call them in the visitor's language."""

from __future__ import annotations

from collections.abc import Mapping

from flask import g
from flask_babel import get_locale
from flask_babel import gettext as _
from sqlalchemy import select
from sqlalchemy.orm import Session

from broker_crm.crm.models import Client, Product
from broker_crm.people.models import Team
from broker_crm.web import names, outcomes, staff
from broker_crm.web.answers import steps
from broker_crm.web.answers.dimensions import CODES
from broker_crm.web.wording import word


def label(session: Session, dimension: str, key: object, process: str | None = None) -> str:
    """A key in words.

    Args:
        session: for names of people, products, teams and steps.
        dimension: such as 'person' or 'sector'.
        key: as the answer's row has it; None where it is not known.
        process: in which a step is, where that is told.
    """
    if key is None or key == "":
        return _("Nobody has it") if dimension in ("person", "approver") else _("Not stated")
    text = str(key)
    if dimension == "vip":
        text = "yes" if key in (True, "yes", "True") else "no"
    if dimension in CODES and text in CODES[dimension]:
        return word(CODES[dimension], text)
    if dimension in ("person", "approver"):
        return staff.name(session, text)
    if dimension == "step":
        meets = CODES["meets"]
        return word(meets, text) if text in meets else steps.name(session, text, process)
    if dimension == "version":
        return _("Version %(number)s", number=text)
    if dimension == "round":
        return _("Round %(number)s", number=text)
    if dimension == "outcome":
        return outcomes.of_case(text)
    if dimension == "reason":
        told = steps.reasons(session).get(text)
        return told or (word(outcomes.CASE, text) if text in outcomes.CASE else text)
    if dimension == "segment":
        return segment(session, traits(text))
    return _listed(session, "team" if dimension == "against" else dimension).get(text, text)


def segment(session: Session, told: Mapping[str, object]) -> str:
    """Traits of clients and products, such as “Transport × Cargo”."""
    return " × ".join(label(session, trait, value) for trait, value in told.items())


def traits(text: str) -> dict[str, str]:
    """Traits and values of a segment's key, such as 'sector=transport × product=cargo'."""
    return dict(each.split("=", 1) for each in text.split(" × ") if "=" in each)


def processes(session: Session) -> dict[str, str]:
    """Key to name of every process that was ever published."""
    return {
        key: names.name(session, version.id, version.name)
        for key, version in steps.latest(session).items()
    }


def _listed(session: Session, dimension: str) -> Mapping[str, str]:
    if dimension == "process":
        return processes(session)
    if dimension == "product":
        return products(session)
    if dimension == "team":
        return teams(session)
    return {}


def products(session: Session) -> dict[str, str]:
    """Key to name of every product."""
    found: dict[str, str] | None = g.get("question_products")
    if found is None:
        column = Product.name_en if str(get_locale()) == "en" else Product.name
        statement = select(Product.key, column).order_by(column)
        found = g.question_products = dict(session.execute(statement).all())
    return found


def teams(session: Session) -> dict[str, str]:
    """Key to name of every team."""
    found: dict[str, str] | None = g.get("question_teams")
    if found is None:
        rows = session.execute(select(Team.key, Team.name).order_by(Team.name))
        found = g.question_teams = dict(rows.all())
    return found


def regions(session: Session) -> dict[str, str]:
    """Regions that clients have."""
    found: dict[str, str] | None = g.get("question_regions")
    if found is None:
        told = session.scalars(select(Client.region).distinct().order_by(Client.region))
        found = g.question_regions = {each: each for each in told if each}
    return found
