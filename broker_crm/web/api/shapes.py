"""How tasks, instances and events look in JSON."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from broker_crm.engine.transition import CreatedTask
from broker_crm.process.models import ProcessEvent, ProcessInstance, UserTask
from broker_crm.web.api.bodies import iso, text_id


def opened(task: CreatedTask | UserTask, instance_id: UUID) -> dict[str, Any]:
    """A task that a command has just opened."""
    return {
        "id": str(task.id),
        "instance": str(instance_id),
        "element": task.element_id,
        "name": task.name,
        "step": task.step,
        "form": task.form_key,
        "assignee": task.assignee,
        "group": task.candidate_group,
        "due_at": iso(task.due_at),
        "loop": task.loop_number,
        "outcomes": _outcomes(task.outcomes),
        "outcome_variable": task.outcome_variable,
    }


def task(row: UserTask) -> dict[str, Any]:
    """A task with where it stands."""
    return opened(row, row.instance_id) | {
        "status": row.status,
        "client": row.client_id,
        "created_at": iso(row.created_at),
        "claimed_at": iso(row.claimed_at),
        "started_at": iso(row.started_at),
        "first_due_at": iso(row.first_due_at),
        "paused": row.pause_reason,
        "completed_at": iso(row.completed_at),
        "completed_by": row.completed_by,
        "outcome": row.outcome,
        "standard_working_days": row.standard_working_days,
        "standard_minutes": row.standard_minutes,
        "standard_cost": row.standard_cost,
    }


def instance(row: ProcessInstance) -> dict[str, Any]:
    """An instance without its tasks and events."""
    return {
        "id": str(row.id),
        "process": row.process_key,
        "version": row.version_id,
        "title": row.title,
        "status": row.status,
        "outcome": row.outcome,
        "reason": row.reason,
        "client": row.client_id,
        "product": row.product_id,
        "owner": row.owner,
        "started_at": iso(row.started_at),
        "started_by": row.started_by,
        "ended_at": iso(row.ended_at),
    }


def event(row: ProcessEvent) -> dict[str, Any]:
    """One thing that happened."""
    return {
        "id": row.id,
        "kind": row.kind,
        "at": iso(row.at),
        "actor": row.actor,
        "element": row.element_id,
        "name": row.element_name,
        "task": text_id(row.task_id),
        "measure": row.measure,
        "value": row.value,
        "outcome": row.outcome,
        "reason": row.reason,
        "late_days": row.late_days,
    }


def _outcomes(given: str | tuple[str, ...]) -> list[str]:
    return [part for part in given.split(",") if part] if isinstance(given, str) else list(given)
