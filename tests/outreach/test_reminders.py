"""Reminders reach those who can do the step; what is too late reaches the sales managers."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from uuid import uuid4

import pytest
from sqlalchemy import select

from broker_crm import process
from broker_crm.engine.transition import Job
from broker_crm.outreach import jobs
from broker_crm.outreach.models import Notification
from broker_crm.outreach.notifications import mark_read, unread
from broker_crm.people.models import User
from broker_crm.process.jobs import Case, JobCall
from broker_crm.process.models import ProcessEvent, ProcessInstance, UserTask
from broker_crm.process.timers import fire_due_timers

from .bureau import begin


def task_of(office, instance_id):
    with office.factory() as session:
        return session.scalars(select(UserTask).where(UserTask.instance_id == instance_id)).one()


def notifications(office, kind):
    with office.factory() as session:
        statement = select(Notification).where(Notification.kind == kind)
        return session.scalars(statement.order_by(Notification.id)).all()


def until(office, days):
    for _ in range(days):
        office.clock.advance(timedelta(days=1))
        fire_due_timers(office.factory)


def call(session, instance_id, job_type, task_id):
    row = session.get_one(ProcessInstance, instance_id)
    case = Case(
        row.id, row.version_id, row.process_key, row.title, row.client_id, row.product_id, row.owner
    )
    return JobCall(session, case, Job(job_type, "x", "X", {}, {}, task_id), None)


def test_the_assignee_is_reminded_of_the_own_step(office):
    instance_id = begin(office.factory)
    task = task_of(office, instance_id)
    with office.factory.begin() as session:
        process.claim(session, task.id, by="rasa")
    until(office, 3)
    (note,) = notifications(office, "reminder")
    assert (note.login, note.task_id, note.task_name) == ("rasa", task.id, "write")
    assert note.case_title == "Laiškas – UAB „Bandymas“" and note.due_at == task.due_at
    with office.factory() as session:
        event = session.scalars(select(ProcessEvent).where(ProcessEvent.kind == "reminded")).one()
    assert (event.task_id, event.value) == (task.id, {"to": ["rasa"]})


def test_while_nobody_took_it_everybody_active_in_the_group_is_reminded(office):
    with office.factory.begin() as session:
        session.get_one(User, "ruta").active = False
    begin(office.factory)
    until(office, 3)
    assert [note.login for note in notifications(office, "reminder")] == ["rasa"]
    with office.factory.begin() as session:
        session.get_one(User, "ruta").active = True
    until(office, 1)
    assert [note.login for note in notifications(office, "reminder")] == ["rasa", "rasa", "ruta"]


def test_reminders_missed_for_days_remind_once(office):
    begin(office.factory)
    office.clock.advance(timedelta(days=7))
    for _ in range(3):
        fire_due_timers(office.factory)
    assert len({note.dedup_key for note in notifications(office, "reminder")}) == 2
    assert len(notifications(office, "reminder")) == 2, "once for each of the two salespeople"


def test_three_working_days_late_reaches_the_sales_managers(office):
    instance_id = begin(office.factory)
    until(office, 10)
    (note,) = notifications(office, "escalation")
    assert (note.login, note.instance_id) == ("vadove", instance_id)
    with office.factory() as session:
        event = session.scalars(select(ProcessEvent).where(ProcessEvent.kind == "escalated")).one()
    assert event.task_id == task_of(office, instance_id).id


@pytest.mark.parametrize("job_type", ["remind", "escalate"])
def test_a_step_that_is_done_reminds_nobody(office, job_type):
    instance_id = begin(office.factory)
    task = task_of(office, instance_id)
    with office.factory.begin() as session:
        process.cancel(session, instance_id, "test", by="vadove")
    with office.factory.begin() as session:
        made = call(session, instance_id, job_type, task.id)
        {"remind": jobs.remind, "escalate": jobs.escalate}[job_type](made)
        assert made.events == []
    assert notifications(office, "reminder") == notifications(office, "escalation") == []


def test_people_read_only_their_own_notifications(office):
    begin(office.factory)
    until(office, 3)
    with office.factory.begin() as session:
        ids = [note.id for note in session.scalars(select(Notification))]
        mark_read(session, "rasa", ids)
    with office.factory() as session:
        assert unread(session, "rasa") == []
        assert [note.login for note in unread(session, "ruta")] == ["ruta"]


def test_everybody_with_an_open_instance_of_a_multi_instance_step_is_reminded(office):
    instance_id = begin(office.factory)
    task = task_of(office, instance_id)
    with office.factory.begin() as session:
        process.claim(session, task.id, by="rasa")
        around = call(session, instance_id, "remind", None)
        job = Job("remind", "x", "X", {}, {}, uuid4(), (task.id,))
        jobs.remind(replace(around, job=job))
    assert [(note.login, note.task_id) for note in notifications(office, "reminder")] == [
        ("rasa", task.id)
    ]
