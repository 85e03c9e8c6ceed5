"""One command, one transaction: all of it or nothing, once."""

from __future__ import annotations

import threading
from datetime import timedelta

import pytest
from sqlalchemy import event, select, update

from broker_crm import process
from broker_crm.process.errors import (
    CommandRefused,
    FourEyes,
    IncidentNotOpen,
    InstanceEnded,
    NotAllowed,
    Outrun,
    ProcessStopped,
    SubmissionRejected,
    TaskAlreadyCompleted,
    TaskNotFound,
    TaskTaken,
)
from broker_crm.process.models import (
    Incident,
    ProcessEvent,
    ProcessInstance,
    Timer,
    UserTask,
)
from broker_crm.process.transactions import Command, run_command
from tests.engine.diagrams import flows

from .office import open_tasks, publish, reminder_flows, rows, step


def begin(office, process_key="twoCalls", **variables):
    with office.factory.begin() as session:
        started = process.start(session, process_key, variables, by="jonas")
        return started.instance.id, started.tasks[0].id


def complete(office, task_id, by="jonas", **values):
    with office.factory.begin() as session:
        return process.complete(session, task_id, values, by=by)


def test_a_sale_runs_from_start_to_end(office):
    instance_id, call = begin(office)
    done = complete(office, call, outcome="yes")
    assert [task.element_id for task in done.tasks] == ["meet"]
    done = complete(office, done.tasks[0].id, outcome="yes")
    assert done.finished
    with office.factory() as session:
        instance = session.get_one(ProcessInstance, instance_id)
        assert instance.status == "completed" and instance.ended_at is not None
        assert session.scalars(select(Timer)).all() == []
        kinds = session.scalars(select(ProcessEvent.kind).order_by(ProcessEvent.id)).all()
    assert kinds[0] == "instance-started" and kinds[-1] == "instance-completed"
    assert kinds.count("task-completed") == 2


def test_second_completion_changes_nothing(office):
    _, call = begin(office)
    complete(office, call, outcome="yes")
    before = rows(office.engine, "process_event")
    with pytest.raises(TaskAlreadyCompleted) as refused:
        complete(office, call, by="ruta", outcome="no")
    assert refused.value.by == "jonas"
    assert rows(office.engine, "process_event") == before


def test_of_eight_people_at_once_one_completes(office):
    instance_id, call = begin(office)
    barrier = threading.Barrier(8)
    answers: list[str] = []

    def work(login: str) -> None:
        barrier.wait()
        try:
            run_command(
                office.factory,
                lambda session: process.complete(session, call, {"outcome": "yes"}, by=login),
                Command("complete", instance_id, call, login),
            )
            answers.append("done")
        except CommandRefused as refused:
            answers.append(refused.code)

    threads = [
        threading.Thread(target=work, args=("jonas" if n % 2 else "ruta",)) for n in range(8)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(answers) == ["done"] + ["task-already-completed"] * 7
    with office.factory() as session:
        completed = select(ProcessEvent).where(ProcessEvent.kind == "task-completed")
        assert len(session.scalars(completed).all()) == 1


def test_a_completion_takes_ten_statements_and_one_commit_at_most(office):
    _, call = begin(office)
    complete(office, begin(office)[1], outcome="yes")
    statements: list[str] = []
    commits: list[int] = []
    event.listen(
        office.engine,
        "before_cursor_execute",
        lambda _c, _cur, statement, *_rest: statements.append(statement),
    )
    event.listen(office.engine, "commit", lambda _c: commits.append(1))
    complete(office, call, outcome="yes")
    writes = [one for one in statements if not one.startswith("BEGIN")]
    assert len(writes) <= 10, writes
    assert len(commits) == 1


def test_what_a_task_remembers(office):
    _, call = begin(office)
    with office.factory.begin() as session:
        process.claim(session, call, by="jonas")
    office.clock.advance(timedelta(hours=2))
    with office.factory.begin() as session:
        process.open_task(session, call, by="jonas")
    office.clock.advance(timedelta(days=7))
    complete(office, call, outcome="no")
    with office.factory() as session:
        completed = session.scalars(
            select(ProcessEvent).where(ProcessEvent.kind == "task-completed")
        ).one()
        task = session.get_one(UserTask, call)
    assert completed.wait_seconds == 2 * 3600
    assert completed.work_seconds == 5 * 8 * 3600
    assert completed.late_days == 2
    assert completed.standard_working_days == 3
    assert (completed.outcome, completed.actor, completed.first_reach) == ("no", "jonas", True)
    assert (task.status, task.completed_by) == ("completed", "jonas")


def test_an_outcome_outside_the_closed_list_is_refused_by_field(office):
    _, call = begin(office)
    with pytest.raises(SubmissionRejected) as refused:
        complete(office, call, outcome="perhaps")
    assert "outcome" in refused.value.errors
    with pytest.raises(SubmissionRejected) as refused:
        complete(office, call, outcome="yes", assignee="ruta")
    assert "assignee" in refused.value.errors


def test_a_task_is_taken_by_one_and_given_back(office):
    _, call = begin(office)
    with office.factory.begin() as session:
        process.claim(session, call, by="jonas")
        process.claim(session, call, by="jonas")
    with pytest.raises(TaskTaken), office.factory.begin() as session:
        process.claim(session, call, by="ruta")
    with pytest.raises(TaskTaken):
        complete(office, call, by="ruta", outcome="yes")
    with office.factory.begin() as session:
        process.release(session, call, by="jonas")
    complete(office, call, by="ruta", outcome="yes")


def test_a_task_of_another_group_does_not_exist_for_me(office):
    _, call = begin(office)
    with pytest.raises(TaskNotFound):
        complete(office, call, by="product", outcome="yes")


def test_a_draft_is_kept_and_changes_nothing_else(office):
    _, call = begin(office)
    with office.factory.begin() as session:
        process.save_draft(session, call, {"notes": "half a sen"}, by="jonas")
    with office.factory() as session:
        task = session.get_one(UserTask, call)
    assert task.draft == {"notes": "half a sen"} and task.status == "open"


def test_managers_hand_over_and_others_only_their_own(office):
    _, call = begin(office)
    with pytest.raises(NotAllowed), office.factory.begin() as session:
        process.reassign(session, call, "ruta", by="jonas")
    with office.factory.begin() as session:
        process.reassign(session, call, "ruta", by="manager")
    with pytest.raises(NotAllowed), office.factory.begin() as session:
        process.reassign(session, call, "product", by="ruta")
    complete(office, call, by="ruta", outcome="yes")


def test_who_prepared_an_offer_does_not_approve_it(office):
    steps = ("offer-preparation", "offer-approval")
    body = (
        '<bpmn:startEvent id="begin" />' + "".join(map(step, steps)) + '<bpmn:endEvent id="end" />'
    )
    body += flows(f"begin>{steps[0]}", f"{steps[0]}>{steps[1]}", f"{steps[1]}>end")
    body += "".join(map(reminder_flows, steps))
    publish(office.factory, office.folder, offers=body)
    _, prepare = begin(office, "offers")
    approve = complete(office, prepare, outcome="yes").tasks[0].id
    with pytest.raises(FourEyes):
        complete(office, approve, outcome="yes")
    assert complete(office, approve, by="ruta", outcome="yes").finished


def test_only_those_who_steer_cancel_and_it_takes_everything_away(office):
    instance_id, _ = begin(office)
    with pytest.raises(NotAllowed), office.factory.begin() as session:
        process.cancel(session, instance_id, "mistake", by="jonas")
    with office.factory.begin() as session:
        process.cancel(session, instance_id, "mistake", by="manager")
    assert open_tasks(office.factory, instance_id) == []
    assert rows(office.engine, "timer") == 0
    with pytest.raises(InstanceEnded), office.factory.begin() as session:
        process.cancel(session, instance_id, "again", by="manager")


def test_a_month_is_lived_in_a_second(office):
    begin(office)
    fired = []
    for _ in range(30 * 24):
        office.clock.advance(timedelta(hours=1))
        if process.fire_due_timers(office.factory).fired:
            fired.append(office.clock.now())
    assert [call.job.type for call in office.jobs] == ["remind", "remind", "remind", "escalate"]
    local = [moment.strftime("%a %d") for moment in fired]
    assert local == ["Wed 25", "Thu 26", "Fri 27", "Tue 01"]


def test_a_timer_fires_once_however_many_workers_sweep(office):
    begin(office)
    office.clock.advance(timedelta(days=2, hours=8))
    workers = [
        threading.Thread(target=process.fire_due_timers, args=(office.factory,)) for _ in range(6)
    ]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    assert len(office.jobs) == 1


def test_a_failing_rule_makes_an_incident_and_not_a_wrong_turn(office):
    body = (
        '<bpmn:startEvent id="begin" />'
        + step("call")
        + '<bpmn:exclusiveGateway id="g" default="g-e" />'
        + '<bpmn:endEvent id="e" /><bpmn:endEvent id="x" />'
    )
    body += flows("begin>call", "call>g", "g>x: =premium > 100", "g>e") + reminder_flows("call")
    publish(office.factory, office.folder, failing=body)
    instance_id, call = begin(office, "failing")
    command = Command("complete", instance_id, call, "jonas", {"values": {"outcome": "yes"}})
    with pytest.raises(ProcessStopped):
        run_command(
            office.factory,
            lambda session: process.complete(session, call, {"outcome": "yes"}, by="jonas"),
            command,
        )
    assert [task.id for task in open_tasks(office.factory, instance_id)] == [call]
    with office.factory() as session:
        incident = session.scalars(select(Incident)).one()
    assert incident.element_id == "g" and "premium" in incident.message
    with pytest.raises(ProcessStopped):
        process.retry_incident(office.factory, incident.id, by="manager")
    with office.factory.begin() as session:
        process.dismiss_incident(session, incident.id, by="manager")
    with pytest.raises(IncidentNotOpen), office.factory.begin() as session:
        process.dismiss_incident(session, incident.id, by="manager")


def test_a_command_that_was_overtaken_changes_nothing_and_is_run_again(office, monkeypatch):
    instance_id, call = begin(office)
    overtaken = []
    real = process.completing.load_task

    def load_then_be_overtaken(session, task_id, by):
        loaded = real(session, task_id, by)
        if not overtaken:
            overtaken.append(task_id)
            changed = update(ProcessInstance).where(ProcessInstance.id == instance_id)
            session.execute(changed.values(row_version=ProcessInstance.row_version + 1))
        return loaded

    monkeypatch.setattr(process.completing, "load_task", load_then_be_overtaken)
    with pytest.raises(Outrun):
        complete(office, call, outcome="yes")
    with office.factory() as session:
        assert session.get_one(UserTask, call).status == "open"
    overtaken.clear()
    command = Command("complete", instance_id, call, "jonas")
    done = run_command(
        office.factory,
        lambda session: process.complete(session, call, {"outcome": "yes"}, by="jonas"),
        command,
    )
    assert [task.element_id for task in done.tasks] == ["meet"]
