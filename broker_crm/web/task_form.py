"""What the form viewer needs for one task: schema and data in the visitor's language."""

from __future__ import annotations

from typing import Any

from flask_babel import get_locale
from flask_babel import gettext as _
from sqlalchemy import select
from sqlalchemy.orm import Session

from broker_crm.definitions.forms import translate_form
from broker_crm.engine.transition import EventKind
from broker_crm.people.models import User
from broker_crm.process.models import ProcessEvent, TaskStatus, UserTask
from broker_crm.process.variables import instance_variables
from broker_crm.web import form_messages, names
from broker_crm.web.errors import NotFound
from broker_crm.web.task_schema import schema
from broker_crm.web.task_view import may_work


def source(session: Session, user: User, task: UserTask) -> dict[str, object]:
    """Schema, data, whether it can be filled in, and the sentences that the viewer says.

    Raises:
        NotFound: when the step has no form.
    """
    if task.form_key is None:
        raise NotFound
    known = names.catalogue(session, task.version_id)
    return {
        "schema": translate_form(schema(session, task.version_id, task.form_key), known),
        "data": data(session, user, task),
        "readonly": not may_work(user, task),
        "texts": texts(),
    }


def texts() -> dict[str, str]:
    """The sentences that the viewer says, in the visitor's language."""
    return form_messages.for_browser() | {
        "search": _("Search"),
        "select": _("Choose"),
        "mend": _("Mend the marked fields. What you typed is kept."),
        "offline": _("The server can't be reached. What you typed stays here; try again."),
        "draftOffline": _("The draft could not be saved: the server can't be reached."),
    }


def data(session: Session, user: User, task: UserTask) -> dict[str, Any]:
    """Variables of the case, and over them what was typed."""
    values = _named_in_language(
        {**instance_variables(session, task.instance_id), **task.local_variables}
    )
    # A field that the process has emptied shows its default again.
    values = {key: value for key, value in values.items() if value is not None}
    if task.status == TaskStatus.COMPLETED:
        return values | submitted(session, task)
    if task.assignee in (None, user.login):
        return values | (task.draft or {})
    return values


def _named_in_language(values: dict[str, Any]) -> dict[str, Any]:
    """The product under its English name, where the visitor reads English."""
    product = values.get("product")
    if str(get_locale()) == "en" and isinstance(product, dict) and product.get("nameEn"):
        values["product"] = {**product, "name": product["nameEn"]}
    return values


def submitted(session: Session, task: UserTask) -> dict[str, Any]:
    """What the task was completed with."""
    value = session.scalar(
        select(ProcessEvent.value).where(
            ProcessEvent.instance_id == task.instance_id,
            ProcessEvent.task_id == task.id,
            ProcessEvent.kind == EventKind.TASK_COMPLETED,
        )
    )
    return value if isinstance(value, dict) else {}
