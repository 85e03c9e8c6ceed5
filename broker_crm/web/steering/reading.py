"""Reads an order from a form: which tasks or case, what to do, with what."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import orjson
from flask import request
from flask_babel import gettext as _
from sqlalchemy import select
from sqlalchemy.orm import Session

from broker_crm.process.models import ProcessInstance
from broker_crm.process.rights import visible_instances
from broker_crm.process.steering import Action, Order, Subject
from broker_crm.process.steering.actions import SKIPS_APPROVALS
from broker_crm.process.steering.batches import MOST
from broker_crm.process.variables import instance_variables
from broker_crm.web.errors import NotFound, Unreadable
from broker_crm.web.sign_in import person


def subjects(session: Session) -> list[Subject]:
    """The chosen tasks, waiting events or case, each once.

    Raises:
        Unreadable: none is chosen, too many are, or one is no identifier.
        NotFound: a case that the visitor may not see.
    """
    try:
        chosen = [
            Subject(*(UUID(part) for part in text.split(":", 1)))
            for text in dict.fromkeys(request.form.getlist("subject"))
        ]
    except (TypeError, ValueError) as error:
        raise Unreadable(_("A task can't be recognised. Reload the page.")) from error
    if not chosen:
        raise Unreadable(_("Choose at least one task."))
    if len(chosen) > MOST:
        raise Unreadable(_("Choose at most %(number)s tasks at once.", number=MOST))
    cases = {subject.instance_id for subject in chosen}
    seen = select(ProcessInstance.id).where(
        ProcessInstance.id.in_(cases), visible_instances(person())
    )
    if set(session.scalars(seen)) != cases:
        raise NotFound
    return chosen


def order(session: Session, chosen: list[Subject]) -> Order:
    """What the form orders.

    Raises:
        Unreadable: there is no such action, or a value can't be read.
    """
    given = request.form
    if given.get("action") not in set(Action):
        raise Unreadable(_("Choose what to do."))
    if any("\0" in text for text in given.values()):
        raise Unreadable(_("There is a character in it that can't be kept."))
    action = Action(given["action"])
    return Order(
        action, _arguments(session, action, chosen), given.get("reason", ""), person().login
    )


def _arguments(session: Session, action: Action, chosen: list[Subject]) -> dict[str, Any]:
    given = request.form
    if action is Action.HAND_OVER:
        return {"to": given.get("person", "")}
    if action is Action.DUE_LATER:
        return {"days": _days(given.get("days", ""))}
    if action is Action.DUE_ON:
        return {"day": given.get("day", "")}
    if action is Action.PAUSE:
        return {"why": given.get("why", "")}
    if action is Action.MOVE:
        told = {"to": given.get("step", "")}
        return told | {SKIPS_APPROVALS: True} if given.get(SKIPS_APPROVALS) == "yes" else told
    if action is Action.CORRECT:
        name = given.get("variable", "")
        present = instance_variables(session, chosen[0].instance_id).get(name)
        return {"name": name, "value": value(present, given.get("value", ""))}
    return {}


def _days(text: str) -> int | None:
    try:
        return int(text)
    except ValueError:
        return None


def value(present: object, text: str) -> object:
    """What was typed for a variable: text where it holds text, else JSON.

    Raises:
        Unreadable: it is no JSON.
    """
    if isinstance(present, str):
        return text
    try:
        found: object = orjson.loads(text)
    except orjson.JSONDecodeError as error:
        if present is None:
            return text
        message = _("Write the value as it is shown: a number, true or false, or JSON.")
        raise Unreadable(message) from error
    return found


def key() -> UUID:
    """The preview's key.

    Raises:
        Unreadable: it is none.
    """
    try:
        return UUID(request.form.get("key", ""))
    except ValueError as error:
        raise Unreadable(_("The page is out of date. Look at the preview again.")) from error
