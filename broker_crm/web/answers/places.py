"""Cases and steps behind an answer, of which the reader may know, with their names."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from flask import url_for
from sqlalchemy import select
from sqlalchemy.orm import Session

from broker_crm.analysis.answers import Place
from broker_crm.crm.models import Client
from broker_crm.people.models import User
from broker_crm.process.models import ProcessInstance, UserTask
from broker_crm.process.rights import visible_instances, visible_tasks
from broker_crm.web import names, staff
from broker_crm.web.answers import labels


@dataclass(frozen=True, slots=True)
class Shown:
    """A case or a step behind an answer.

    Attributes:
        case_id: of the instance.
        task_id: of the step, where steps are counted and the reader may open it.
        process: its name.
        client: its name; the case's title where it has none.
        step: name of the step in the reader's language, or of the process.
        person: who did or holds it; who owns the case.
        value: the figure that it contributes.
    """

    case_id: UUID
    task_id: UUID | None
    process: str
    client: str
    step: str
    person: str
    value: float | None


def row(each: Shown, value: str) -> dict[str, Any]:
    """A row of a page's list of cases.

    Args:
        each: the case or step.
        value: its figure in words.
    """
    return {
        "address": url_for("instances.show", instance_id=each.case_id),
        "client": each.client,
        "title": each.process,
        "step": each.step,
        "person": each.person,
        "value": value,
    }


def shown(session: Session, user: User, places: Sequence[Place]) -> list[Shown]:
    """Those of the places whose case the user may see, in their order.

    Who may see a case sees the names of all its steps there, but opens only some of them.
    """
    cases = {
        row[0].id: row
        for row in session.execute(
            select(ProcessInstance, Client.name)
            .outerjoin(Client, Client.id == ProcessInstance.client_id)
            .where(
                ProcessInstance.id.in_({UUID(each.case_id) for each in places}),
                visible_instances(user),
            )
        )
    }
    wanted = {UUID(each.task_id) for each in places if each.task_id is not None}
    tasks = {
        task.id: task for task in session.scalars(select(UserTask).where(UserTask.id.in_(wanted)))
    }
    known = set(
        session.scalars(select(UserTask.id).where(UserTask.id.in_(wanted), visible_tasks(user)))
    )
    found = []
    for each in places:
        case = cases.get(UUID(each.case_id))
        task = tasks.get(UUID(each.task_id)) if each.task_id else None
        if case is None or (each.task_id and task is None):
            continue
        instance, client = case
        person = (task.completed_by or task.assignee) if task else instance.owner
        found.append(
            Shown(
                instance.id,
                task.id if task and task.id in known else None,
                labels.label(session, "process", instance.process_key),
                client or instance.title,
                names.name(session, instance.version_id, task.name) if task else "",
                staff.name(session, person),
                each.value,
            )
        )
    return found
