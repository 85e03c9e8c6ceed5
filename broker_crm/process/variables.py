"""The variables of a process instance, read from its stored state."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from broker_crm.engine import commands as engine
from broker_crm.process.errors import InstanceNotFound
from broker_crm.process.models import ProcessInstance


def instance_variables(session: Session, instance_id: UUID) -> dict[str, Any]:
    """The variables as they are now.

    Raises:
        InstanceNotFound: when there is no such instance.
        StateDamaged: when the state can't be trusted.
    """
    statement = select(ProcessInstance.state).where(ProcessInstance.id == instance_id)
    state = session.scalar(statement)
    if state is None:
        raise InstanceNotFound(instance_id)
    return engine.variables(state, instance_id)
