"""A running case is moved to another version with all that people have in hand, or not at all."""

from __future__ import annotations

import pytest
from sqlalchemy import select

from broker_crm import process
from broker_crm.definitions.published import latest_version
from broker_crm.process.errors import (
    CannotMigrate,
    InstanceEnded,
    NotAllowed,
    VersionNotOfProcess,
)
from broker_crm.process.models import ProcessEvent, ProcessInstance, Timer, UserTask
from tests.engine.diagrams import flows

from .office import TWO_CALLS, open_tasks, publish, reminder_flows, step
from .test_one_transaction import begin, complete

RENAMED = TWO_CALLS.replace('name="call"', 'name="Ring up"').replace(
    'name="outcomes" value="yes,no"', 'name="outcomes" value="yes,no,later"', 1
)
WITHOUT_CALL = TWO_CALLS.replace('"call', '"ring')
OTHER = step("alone").join(('<bpmn:startEvent id="go" />', '<bpmn:endEvent id="stop" />'))
OTHER += flows("go>alone", "alone>stop") + reminder_flows("alone")
MOVED = "instance-migrated"


def newest(office, key="twoCalls") -> int:
    with office.factory() as session:
        return latest_version(session, key).id


def move(office, instance_id, version_id, by="manager"):
    with office.factory.begin() as session:
        return process.migrate(session, instance_id, version_id, by=by)


def test_a_moved_case_keeps_what_people_have_in_hand(office):
    instance_id, call = begin(office)
    with office.factory.begin() as session:
        process.claim(session, call, by="jonas")
        process.save_draft(session, call, {"outcome": "no"}, by="jonas")
    with office.factory() as session:
        timers = session.scalars(select(Timer.id).order_by(Timer.id)).all()
        due = session.get_one(UserTask, call).due_at
    publish(office.factory, office.folder, twoCalls=RENAMED)
    assert move(office, instance_id, newest(office)) is not None
    (task,) = open_tasks(office.factory, instance_id)
    assert (task.id, task.assignee, task.draft, task.due_at) == (
        call,
        "jonas",
        {"outcome": "no"},
        due,
    )
    assert (task.name, task.outcomes, task.version_id) == (
        "Ring up",
        "yes,no,later",
        newest(office),
    )
    with office.factory() as session:
        assert session.scalars(select(Timer.id).order_by(Timer.id)).all() == timers
        moved = session.scalars(select(ProcessEvent).where(ProcessEvent.kind == MOVED)).one()
        instance = session.get_one(ProcessInstance, instance_id)
    assert (moved.value, moved.actor) == ({"from": 1, "to": 2}, "manager")
    assert instance.first_version_id != instance.version_id == newest(office)
    assert complete(office, call, outcome="later").finished


def test_moving_twice_changes_nothing_more(office):
    instance_id, _ = begin(office)
    publish(office.factory, office.folder, twoCalls=RENAMED)
    assert move(office, instance_id, newest(office)) is not None
    assert move(office, instance_id, newest(office)) is None
    with office.factory() as session:
        events = session.scalars(select(ProcessEvent).where(ProcessEvent.kind == MOVED)).all()
    assert len(events) == 1


def test_a_case_can_go_back(office):
    instance_id, call = begin(office)
    first = newest(office)
    publish(office.factory, office.folder, twoCalls=RENAMED)
    move(office, instance_id, newest(office))
    move(office, instance_id, first, by="designer")
    (task,) = open_tasks(office.factory, instance_id)
    assert (task.name, task.outcomes) == ("call", "yes,no")
    assert complete(office, call, outcome="no").finished


def test_what_the_other_version_lacks_is_named_and_nothing_changes(office):
    instance_id, call = begin(office)
    first = newest(office)
    publish(office.factory, office.folder, twoCalls=WITHOUT_CALL)
    with pytest.raises(CannotMigrate, match="call “call”: The other version does not have it"):
        move(office, instance_id, newest(office))
    (task,) = open_tasks(office.factory, instance_id)
    assert (task.id, task.version_id) == (call, first)


def test_refusals(office):
    instance_id, call = begin(office)
    publish(office.factory, office.folder, twoCalls=RENAMED, other=OTHER)
    with pytest.raises(NotAllowed):
        move(office, instance_id, newest(office), by="jonas")
    with pytest.raises(VersionNotOfProcess):
        move(office, instance_id, newest(office, "other"))
    with pytest.raises(VersionNotOfProcess):
        move(office, instance_id, 999)
    complete(office, call, outcome="no")
    with pytest.raises(InstanceEnded):
        move(office, instance_id, newest(office))
