"""Starts asked for under a key: asked twice, by a double click or a repeated call, started once."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping

from sqlalchemy import select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from broker_crm import clock
from broker_crm.engine.transition import Transition
from broker_crm.process.errors import KeyUsedOtherwise, Outrun
from broker_crm.process.models import ProcessInstance, StartRequest, TaskStatus, UserTask
from broker_crm.process.starting import Started


def start_once(
    session: Session,
    key: str | None,
    asked: Mapping[str, object],
    begin: Callable[[], Started],
    *,
    by: str,
) -> Started:
    """Start, unless the same person already did so with the same key.

    Args:
        session: the caller commits.
        key: chosen by the caller, up to 200 characters; None to start in any case.
        asked: process and variables, so that a key is not taken for something else.
        begin: starts the instance.
        by: login.

    Returns:
        What was started now, or before: then with the tasks that are open, and no transition.

    Raises:
        KeyUsedOtherwise: the key belongs to another start.
        Outrun: the same request runs at this moment; the command can be repeated.
    """
    if key is None:
        return begin()
    digest = hashlib.sha256(json.dumps(asked, sort_keys=True).encode()).hexdigest()
    before = session.get(StartRequest, (by, key))
    if before is not None:
        if before.digest != digest:
            raise KeyUsedOtherwise
        return _as_it_stands(session, before)
    started = begin()
    session.add(
        StartRequest(
            login=by, key=key, digest=digest, instance_id=started.instance.id, at=clock.now()
        )
    )
    try:
        session.flush()
    except IntegrityError as error:
        raise Outrun from error
    return started


def _as_it_stands(session: Session, request: StartRequest) -> Started:
    tasks = session.scalars(
        select(UserTask)
        .where(UserTask.instance_id == request.instance_id, UserTask.status == TaskStatus.OPEN)
        .order_by(UserTask.created_at)
    )
    instance = session.get_one(ProcessInstance, request.instance_id)
    return Started(instance, list(tasks), Transition())
