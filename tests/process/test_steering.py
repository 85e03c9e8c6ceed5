"""Those who steer change running cases: due dates, pauses, data and steps, with a way back."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import select

from broker_crm import process
from broker_crm.people.models import Absence, Role, User, UserRole
from broker_crm.process import available_time, steering
from broker_crm.process.errors import (
    InstanceEnded,
    NotAllowed,
    NotInGroup,
    SubmissionRejected,
    TaskAlreadyCompleted,
    TaskNotFound,
)
from broker_crm.process.models import ProcessEvent, TaskPause, Timer, UserTask
from broker_crm.process.steering import handing_over
from broker_crm.process.steering.refusals import (
    AlreadyPaused,
    CannotCorrect,
    CannotMove,
    CannotUndo,
    DueOutOfRange,
    NoSuchPerson,
    NotPaused,
    SkipsApproval,
)
from tests.engine.diagrams import flows

from .office import MONDAY, open_tasks, publish, reminder_flows, step
from .test_one_transaction import begin, complete

DUE = datetime(2026, 11, 26, 15, tzinfo=UTC)
"""Three working days after Monday, at closing time in Vilnius."""
CLOCKS = (
    '<bpmn:startEvent id="begin" /><bpmn:parallelGateway id="split" />'
    + step("check", days=5)
    + step("answer", days=5)
    + '<bpmn:boundaryEvent id="bank" attachedToRef="answer" cancelActivity="false">'
    "<bpmn:timerEventDefinition><bpmn:timeDate>=answerBy</bpmn:timeDate>"
    "</bpmn:timerEventDefinition></bpmn:boundaryEvent>"
    '<bpmn:boundaryEvent id="closed" attachedToRef="answer">'
    "<bpmn:timerEventDefinition><bpmn:timeDate>=at due()</bpmn:timeDate>"
    "</bpmn:timerEventDefinition></bpmn:boundaryEvent>"
    '<bpmn:intermediateCatchEvent id="clock"><bpmn:timerEventDefinition>'
    "<bpmn:timeDate>=answerBy</bpmn:timeDate></bpmn:timerEventDefinition>"
    "</bpmn:intermediateCatchEvent>"
    '<bpmn:endEvent id="told" /><bpmn:endEvent id="late" /><bpmn:endEvent id="lost" />'
    '<bpmn:endEvent id="done"><bpmn:terminateEventDefinition /></bpmn:endEvent>'
    + flows("begin>split", "split>check", "check>answer", "answer>done", "split>clock")
    + flows("clock>late", "bank>told", "closed>lost")
    + reminder_flows("check")
    + reminder_flows("answer")
)
"""A case with a legal clock beside the work, one on its step, and a deadline at the due date."""


def do(office, act, *arguments, by="manager", **named):
    with office.factory.begin() as session:
        event = act(session, *arguments, by=by, **named)
        return event.id


def task(office, task_id) -> UserTask:
    with office.factory() as session:
        return session.get_one(UserTask, task_id)


def timers(office, instance_id) -> dict[str, datetime]:
    with office.factory() as session:
        found = select(Timer.element_id, Timer.due_at).where(Timer.instance_id == instance_id)
        return dict(session.execute(found).all())


def event(office, event_id) -> ProcessEvent:
    with office.factory() as session:
        return session.get_one(ProcessEvent, event_id)


def reminded(office) -> list[str]:
    return [call.job.type for call in office.jobs]


def sweep(office) -> None:
    process.fire_due_timers(office.factory)


# -- due dates ---------------------------------------------------------------------------------


def test_a_due_date_moves_and_its_reminders_move_along(office):
    instance_id, call = begin(office)
    assert task(office, call).due_at == DUE
    told = do(office, steering.change_due, call, DUE + timedelta(days=4), "Klientas prašė")
    assert timers(office, instance_id) == {
        "callReminder": DUE + timedelta(days=1),
        "callLate": DUE + timedelta(days=7),
    }
    moved = task(office, call)
    assert (moved.due_at, moved.first_due_at) == (DUE + timedelta(days=4), DUE)
    written = event(office, told)
    assert written.value == {
        "from": DUE.isoformat(),
        "to": (DUE + timedelta(days=4)).isoformat(),
    }
    assert (written.reason, written.actor) == ("Klientas prašė", "manager")


def test_reminders_that_were_sent_come_again_before_the_new_date(office):
    instance_id, call = begin(office)
    office.clock.set(DUE + timedelta(days=7))
    sweep(office)
    assert sorted(reminded(office)) == ["escalate", "remind", "remind", "remind"]
    assert timers(office, instance_id) == {}
    do(office, steering.change_due, call, DUE + timedelta(days=14), "Dar kartą")
    assert set(timers(office, instance_id)) == {"callReminder", "callLate"}
    office.clock.set(DUE + timedelta(days=21))
    sweep(office)
    assert len(office.jobs) == 8
    complete(office, call, outcome="no")


def test_a_due_date_is_never_past_and_needs_a_reason_and_one_who_steers(office):
    _, call = begin(office)
    for due in (MONDAY, MONDAY - timedelta(days=1), MONDAY + timedelta(days=900)):
        with pytest.raises(DueOutOfRange):
            do(office, steering.change_due, call, due, "x")
    with pytest.raises(SubmissionRejected):
        do(office, steering.change_due, call, DUE + timedelta(days=1), "  ")
    with pytest.raises(NotAllowed):
        do(office, steering.change_due, call, DUE + timedelta(days=1), "x", by="jonas")
    complete(office, call, outcome="no")
    with pytest.raises(TaskAlreadyCompleted):
        do(office, steering.change_due, call, DUE + timedelta(days=1), "x")


def test_deadlines_at_the_due_date_move_with_it_and_legal_clocks_do_not(office):
    publish(office.factory, office.folder, clocks=CLOCKS)
    instance_id, check = begin(office, "clocks", answerBy="2026-12-18")
    complete(office, check, outcome="yes")
    before = timers(office, instance_id)
    (answer,) = open_tasks(office.factory, instance_id)
    do(office, steering.change_due, answer.id, answer.due_at + timedelta(days=7), "Ilgiau")
    after = timers(office, instance_id)
    week = timedelta(days=7)
    assert after["clock"] == before["clock"] and after["bank"] == before["bank"]
    assert {name for name in after if after[name] == before[name] + week} == {
        "closed",
        "answerReminder",
        "answerLate",
    }


# -- pauses ------------------------------------------------------------------------------------


def test_a_pause_holds_reminders_back_and_moves_the_due_date_by_the_office_hours(office):
    _, call = begin(office)
    paused = do(office, steering.pause, call, "waiting-for-client", "Atostogauja")
    assert task(office, call).pause_reason == "waiting-for-client"
    assert event(office, paused).reason == "Atostogauja"
    office.clock.set(MONDAY + timedelta(days=14, hours=2))
    sweep(office)
    assert office.jobs == []
    resumed = do(office, steering.resume, call)
    moved = task(office, call)
    assert moved.pause_reason is None and moved.first_due_at == DUE
    assert moved.due_at == DUE + timedelta(days=14) + timedelta(hours=2) + timedelta(hours=16)
    assert event(office, resumed).value["seconds"] == (10 * 8 + 2) * 3600
    assert event(office, resumed).value["from"] == DUE.isoformat()
    assert event(office, resumed).value["to"] == moved.due_at.isoformat()
    sweep(office)
    assert office.jobs == []
    office.clock.set(moved.due_at + timedelta(days=8))
    sweep(office)
    assert sorted(reminded(office)) == ["escalate", "remind", "remind", "remind"]


def test_a_due_date_set_during_a_pause_moves_only_by_the_time_after_that(office):
    _, call = begin(office)
    do(office, steering.pause, call, "waiting-for-client")
    office.clock.set(MONDAY + timedelta(days=7))
    wanted = DUE + timedelta(days=14)
    do(office, steering.change_due, call, wanted, "Klientas prašė")
    office.clock.advance(timedelta(days=1))
    do(office, steering.resume, call)
    assert task(office, call).due_at == wanted + timedelta(days=1)


def test_while_it_is_paused_deadlines_and_legal_clocks_go_on_and_stay_where_they_are(office):
    publish(office.factory, office.folder, clocks=CLOCKS)
    instance_id, check = begin(office, "clocks", answerBy="2026-12-18")
    complete(office, check, outcome="yes")
    before = timers(office, instance_id)
    (answer,) = open_tasks(office.factory, instance_id)
    do(office, steering.pause, answer.id, "waiting-for-client")
    office.clock.set(MONDAY + timedelta(days=1))
    do(office, steering.resume, answer.id)
    after = timers(office, instance_id)
    assert {name for name in after if after[name] == before[name]} == {"clock", "bank", "closed"}
    do(office, steering.pause, answer.id, "waiting-for-client")
    office.clock.set(before["closed"] + timedelta(minutes=1))
    sweep(office)
    assert task(office, answer.id).status == "cancelled"
    with office.factory() as session:
        assert session.scalars(select(TaskPause).where(TaskPause.until_at.is_(None))).all() == []


def test_a_timer_under_way_when_the_pause_comes_does_not_fire(office):
    instance_id, call = begin(office)
    do(office, steering.pause, call, "waiting-for-insurer")
    with office.factory.begin() as session:
        session.execute(Timer.__table__.update().values(not_before=None))
    office.clock.set(DUE)
    sweep(office)
    sweep(office)
    assert office.jobs == []
    assert "callReminder" in timers(office, instance_id)


def test_the_assignee_pauses_too_and_a_completion_ends_the_pause(office):
    _, call = begin(office)
    with office.factory.begin() as session:
        process.claim(session, call, by="jonas")
    with pytest.raises(TaskNotFound):
        do(office, steering.pause, call, "client-absent", by="ruta")
    do(office, steering.pause, call, "client-absent", by="jonas")
    with pytest.raises(AlreadyPaused):
        do(office, steering.pause, call, "client-absent", by="manager")
    office.clock.set(MONDAY + timedelta(days=7))
    complete(office, call, outcome="no")
    with office.factory() as session:
        (ended,) = session.scalars(select(TaskPause)).all()
    assert (ended.until_at, ended.resumed_by) == (MONDAY + timedelta(days=7), "jonas")
    assert task(office, call).pause_reason is None


@pytest.mark.parametrize("holder", [None, "jonas"])
def test_a_pause_that_is_resumed_before_the_completion_makes_no_lateness(office, holder):
    _, call = begin(office)
    if holder:
        with office.factory.begin() as session:
            process.claim(session, call, by=holder)
    do(office, steering.pause, call, "waiting-for-client", by=holder or "manager")
    office.clock.set(MONDAY + timedelta(days=14))
    with office.factory.begin() as session:
        steering.resume_if_paused(session, call, by="jonas")
        process.complete(session, call, {"outcome": "no"}, by="jonas")
    with office.factory() as session:
        done = session.scalars(
            select(ProcessEvent).where(ProcessEvent.kind == "task-completed")
        ).one()
    assert done.late_days == 0
    assert task(office, call).first_due_at == DUE


def test_a_pause_needs_a_reason_of_the_list_and_only_a_paused_task_is_resumed(office):
    _, call = begin(office)
    for reason, note in (("holiday", ""), ("other", " ")):
        with pytest.raises(SubmissionRejected):
            do(office, steering.pause, call, reason, note)
    with pytest.raises(NotPaused):
        do(office, steering.resume, call)


# -- variables ---------------------------------------------------------------------------------


def test_a_corrected_variable_is_seen_by_the_next_condition(office):
    publish(
        office.factory,
        office.folder,
        sized=(
            '<bpmn:startEvent id="begin" /><bpmn:exclusiveGateway id="size" default="size-small" />'
            + step("call")
            + step("large")
            + step("small")
            + '<bpmn:endEvent id="done" />'
            + flows("begin>call", "call>size", "size>large: =staff > 50", "size>small")
            + flows("large>done", "small>done")
            + reminder_flows("call")
            + reminder_flows("large")
            + reminder_flows("small")
        ),
    )
    instance_id, call = begin(office, "sized", staff=5)
    told = do(office, steering.correct_variable, instance_id, "staff", 500, "Suklydo")
    assert event(office, told).value == {"name": "staff", "from": 5, "to": 500}
    complete(office, call, outcome="yes")
    assert [each.element_id for each in open_tasks(office.factory, instance_id)] == ["large"]


@pytest.mark.parametrize(
    ("name", "value", "why"),
    [
        ("nothing", 1, "MISSING"),
        ("staff", "many", "OTHER_TYPE"),
        ("staff", True, "OTHER_TYPE"),
        ("clientId", 8, "NAMES_A_RECORD"),
        ("client", {"id": 2, "name": "A"}, "NAMES_A_RECORD"),
        ("name", "x" * 30_000, "TOO_LARGE"),
        ("staff", 5, "SAME"),
    ],
)
def test_a_variable_keeps_its_type_its_record_and_its_measure(office, name, value, why):
    known = {"staff": 5, "clientId": 7, "client": {"id": 1, "name": "A"}, "name": "A"}
    instance_id, _ = begin(office, **known)
    with pytest.raises(CannotCorrect) as refused:
        do(office, steering.correct_variable, instance_id, name, value, "x")
    assert refused.value.why.name == why


# -- moves -------------------------------------------------------------------------------------

BLOCK = (
    '<bpmn:startEvent id="begin" /><bpmn:parallelGateway id="split" />'
    '<bpmn:parallelGateway id="join" />'
    + "".join(step(name) + reminder_flows(name) for name in ("before", "left", "left2", "right"))
    + step("after")
    + reminder_flows("after")
    + '<bpmn:endEvent id="done" />'
    + flows("begin>before", "before>split", "split>left", "left>left2", "left2>join")
    + flows("split>right", "right>join", "join>after", "after>done")
)


def where(office, instance_id) -> set[str]:
    return {each.element_id for each in open_tasks(office.factory, instance_id)}


def at(office, instance_id, element) -> object:
    return next(
        each.id for each in open_tasks(office.factory, instance_id) if each.element_id == element
    )


def test_a_case_goes_to_another_step_with_new_reminders_and_is_finished_from_there(office):
    instance_id, call = begin(office)
    told = do(office, steering.move_case, instance_id, call, "meet", "Jau kalbėjome")
    assert where(office, instance_id) == {"meet"}
    assert task(office, call).status == "cancelled"
    assert set(timers(office, instance_id)) == {"meetReminder", "meetLate"}
    written = event(office, told)
    assert (written.value["from"], written.value["to"]) == ("call", "meet")
    assert written.reason == "Jau kalbėjome"
    do(office, steering.move_case, instance_id, at(office, instance_id, "meet"), "call", "Atgal")
    again = at(office, instance_id, "call")
    assert task(office, again).loop_number == 2
    complete(office, again, outcome="yes")
    done = complete(office, at(office, instance_id, "meet"), outcome="yes")
    assert done.finished


def test_an_approval_is_skipped_only_where_somebody_says_so(office):
    publish(
        office.factory,
        office.folder,
        approved=(
            '<bpmn:startEvent id="begin" />'
            + step("prepare")
            + step("offer-approval")
            + '<bpmn:exclusiveGateway id="decided" default="decided-send" />'
            + step("send")
            + '<bpmn:endEvent id="done" />'
            + flows("begin>prepare", "prepare>offer-approval", "offer-approval>decided")
            + flows('decided>prepare: =outcome = "no"', "decided>send", "send>done")
            + reminder_flows("prepare")
            + reminder_flows("offer-approval")
            + reminder_flows("send")
        ),
    )
    instance_id, prepare = begin(office, "approved")
    with pytest.raises(SkipsApproval) as refused:
        do(office, steering.move_case, instance_id, prepare, "send", "Skubu")
    assert refused.value.steps == ("offer-approval",)
    onto = do(office, steering.move_case, instance_id, prepare, "offer-approval", "Paruošta")
    assert "skipped" not in event(office, onto).value
    with pytest.raises(SkipsApproval):
        approval = at(office, instance_id, "offer-approval")
        do(office, steering.move_case, instance_id, approval, "send", "Skubu")
    past = do(
        office,
        steering.move_case,
        instance_id,
        at(office, instance_id, "offer-approval"),
        "send",
        "Skubu",
        skips_approvals=True,
    )
    assert event(office, past).value["skipped"] == ["offer-approval"]
    back = at(office, instance_id, "send")
    again = do(office, steering.move_case, instance_id, back, "prepare", "Per anksti")
    assert "skipped" not in event(office, again).value
    undone = do(office, steering.undo, instance_id, again)
    assert "skipped" not in event(office, undone).value


def test_within_a_block_of_parallel_branches_a_token_keeps_its_branch(office):
    publish(office.factory, office.folder, block=BLOCK)
    instance_id, before = begin(office, "block")
    with pytest.raises(CannotMove) as refused:
        do(office, steering.move_case, instance_id, before, "left", "x")
    assert refused.value.why.name == "FORK"
    complete(office, before, outcome="yes")
    left = at(office, instance_id, "left")
    for target in ("before", "right", "after"):
        with pytest.raises(CannotMove):
            do(office, steering.move_case, instance_id, left, target, "x")
    do(office, steering.move_case, instance_id, left, "left2", "Praleista")
    assert where(office, instance_id) == {"left2", "right"}
    complete(office, at(office, instance_id, "left2"), outcome="yes")
    right = at(office, instance_id, "right")
    with pytest.raises(CannotMove):
        do(office, steering.move_case, instance_id, right, "after", "x")
    complete(office, right, outcome="yes")
    assert where(office, instance_id) == {"after"}


def test_a_whole_block_is_left_out_or_done_again_when_nothing_is_in_it(office):
    publish(office.factory, office.folder, block=BLOCK)
    instance_id, before = begin(office, "block")
    do(office, steering.move_case, instance_id, before, "after", "Nereikia")
    do(office, steering.move_case, instance_id, at(office, instance_id, "after"), "before", "Vis")
    complete(office, at(office, instance_id, "before"), outcome="yes")
    assert where(office, instance_id) == {"left", "right"}
    for element in ("left", "left2", "right"):
        complete(office, at(office, instance_id, element), outcome="yes")
    assert complete(office, at(office, instance_id, "after"), outcome="yes").finished


def test_beside_a_clock_that_runs_the_work_moves_but_not_out_of_its_branch(office):
    publish(office.factory, office.folder, clocks=CLOCKS)
    instance_id, check = begin(office, "clocks", answerBy="2026-12-18")
    do(office, steering.move_case, instance_id, check, "answer", "Aišku")
    assert set(timers(office, instance_id)) == {
        "clock",
        "bank",
        "closed",
        "answerReminder",
        "answerLate",
    }
    with office.factory() as session:
        clock = session.scalars(select(Timer.id).where(Timer.element_id == "clock")).one()
    with pytest.raises(CannotMove) as refused:
        do(office, steering.move_case, instance_id, clock, "answer", "x")
    assert refused.value.why.name == "FORK"


def test_a_case_that_waits_is_moved_too(office):
    publish(
        office.factory,
        office.folder,
        waits=(
            '<bpmn:startEvent id="begin" />'
            '<bpmn:intermediateCatchEvent id="later"><bpmn:timerEventDefinition>'
            "<bpmn:timeDuration>P9D</bpmn:timeDuration></bpmn:timerEventDefinition>"
            "</bpmn:intermediateCatchEvent>"
            + step("call")
            + '<bpmn:endEvent id="done" />'
            + flows("begin>later", "later>call", "call>done")
            + reminder_flows("call")
        ),
    )
    with office.factory.begin() as session:
        instance_id = process.start(session, "waits", {}, by="jonas").instance.id
    with office.factory() as session:
        waiting = session.scalars(select(Timer.id)).one()
    do(office, steering.move_case, instance_id, waiting, "call", "Dabar")
    assert where(office, instance_id) == {"call"}
    assert set(timers(office, instance_id)) == {"callReminder", "callLate"}


def test_one_of_many_and_another_part_are_no_places(office):
    many = step("ask").replace(
        "</bpmn:userTask>",
        "<bpmn:multiInstanceLoopCharacteristics><bpmn:extensionElements>"
        '<zeebe:loopCharacteristics inputCollection="=[1, 2]" inputElement="item" />'
        "</bpmn:extensionElements></bpmn:multiInstanceLoopCharacteristics></bpmn:userTask>",
        1,
    )
    publish(
        office.factory,
        office.folder,
        many=(
            '<bpmn:startEvent id="begin" />'
            + step("call")
            + many
            + '<bpmn:subProcess id="part"><bpmn:startEvent id="inside" />'
            + step("deep")
            + '<bpmn:endEvent id="out" />'
            + flows("inside>deep", "deep>out")
            + reminder_flows("deep")
            + '</bpmn:subProcess><bpmn:endEvent id="done" />'
            + flows("begin>call", "call>ask", "ask>part", "part>done")
            + reminder_flows("call")
            + reminder_flows("ask")
        ),
    )
    instance_id, call = begin(office, "many")
    for target, why in (("ask", "MANY"), ("deep", "OTHER_PART"), ("call", "SAME")):
        with pytest.raises(CannotMove) as refused:
            do(office, steering.move_case, instance_id, call, target, "x")
        assert refused.value.why.name == why
    complete(office, call, outcome="yes")
    one = open_tasks(office.factory, instance_id)[0]
    with pytest.raises(CannotMove) as refused:
        do(office, steering.move_case, instance_id, one.id, "call", "x")
    assert refused.value.why.name == "ONE_OF_MANY"


# -- handing over and undoing ------------------------------------------------------------------


def test_tasks_are_spread_over_those_with_the_least_to_do(office):
    tasks = [begin(office)[1] for _ in range(4)]
    with office.factory.begin() as session:
        process.claim(session, tasks[0], by="jonas")
    for each in tasks[1:]:
        do(office, steering.spread, each, "Jonas serga")
    given = [task(office, each).assignee for each in tasks]
    assert given.count("jonas") == 2 and given.count("ruta") == 2


def test_free_time_is_what_the_calendar_absences_and_meetings_leave(office, monkeypatch):
    def free() -> dict[str, float]:
        with office.factory() as session:
            return dict(handing_over.free_minutes(session, "salesperson", DUE))

    week = free()["jonas"]
    assert week == free()["ruta"] == 5 * 480
    with office.factory.begin() as session:
        days = (MONDAY.date() + timedelta(days=1), MONDAY.date() + timedelta(days=2))
        session.add(Absence(login="jonas", first_day=days[0], last_day=days[1]))
    assert free() == {"jonas": week - 2 * 480, "ruta": week}
    meetings = [
        available_time.Engagement("ruta", MONDAY + timedelta(days=each), 400) for each in (1, 2, 3)
    ]
    monkeypatch.setattr(available_time, "_engagements", [lambda *_: meetings])
    assert free() == {"jonas": week - 960, "ruta": week - 1200}
    _, call = begin(office)
    do(office, steering.spread, call, "Jonas mažiau užimtas")
    assert task(office, call).assignee == "jonas"
    assert free()["jonas"] == week - 960 - handing_over.USUAL_MINUTES


def test_a_task_goes_only_to_somebody_of_its_group(office):
    _, call = begin(office)
    with pytest.raises(NotInGroup):
        do(office, steering.hand_over, call, "product", "x")
    with pytest.raises(NoSuchPerson):
        do(office, steering.hand_over, call, "niekas", "x")


def test_what_was_done_is_taken_back(office):
    instance_id, call = begin(office, staff=5)
    handed = do(office, steering.hand_over, call, "ruta", "Serga")
    due = do(office, steering.change_due, call, DUE + timedelta(days=4), "Ilgiau")
    corrected = do(office, steering.correct_variable, instance_id, "staff", 6, "Klaida")
    paused = do(office, steering.pause, call, "client-absent")
    for each in (paused, corrected, due, handed):
        do(office, steering.undo, instance_id, each)
    back = task(office, call)
    assert (back.assignee, back.due_at, back.pause_reason) == (None, DUE, None)
    with office.factory() as session:
        assert process.instance_variables(session, instance_id)["staff"] == 5
    for each in (paused, corrected, due, handed):
        with pytest.raises(CannotUndo) as refused:
            do(office, steering.undo, instance_id, each)
        assert refused.value.why.name == "CHANGED_SINCE"


@pytest.mark.parametrize("why", ["LEFT", "NOT_IN_GROUP", "ABSENT"])
def test_a_task_does_not_go_back_to_somebody_who_may_not_have_it_any_more(office, why):
    instance_id, call = begin(office)
    with office.factory.begin() as session:
        process.claim(session, call, by="jonas")
    handed = do(office, steering.hand_over, call, "ruta", "Serga")
    with office.factory.begin() as session:
        jonas = session.get_one(User, "jonas")
        if why == "LEFT":
            jonas.active = False
        elif why == "NOT_IN_GROUP":
            jonas.role_rows = [UserRole(role=Role.ASSISTANT)]
        else:
            session.add(Absence(login="jonas", first_day=MONDAY.date(), last_day=MONDAY.date()))
    with pytest.raises(CannotUndo) as refused:
        do(office, steering.undo, instance_id, handed)
    assert refused.value.why.name == why
    assert task(office, call).assignee == "ruta"


def test_a_case_that_goes_back_waits_for_its_group_where_its_person_is_absent(office):
    instance_id, call = begin(office)
    with office.factory.begin() as session:
        process.claim(session, call, by="jonas")
        process.save_draft(session, call, {"outcome": "no"}, by="jonas")
    moved = do(office, steering.move_case, instance_id, call, "meet", "Klaida")
    with office.factory.begin() as session:
        session.add(Absence(login="jonas", first_day=MONDAY.date(), last_day=MONDAY.date()))
    do(office, steering.undo, instance_id, moved)
    (back,) = open_tasks(office.factory, instance_id)
    assert (back.element_id, back.assignee, back.draft) == ("call", None, {"outcome": "no"})


def test_a_moved_case_goes_back_with_its_draft_unless_somebody_began(office):
    instance_id, call = begin(office)
    with office.factory.begin() as session:
        process.claim(session, call, by="jonas")
        process.save_draft(session, call, {"outcome": "no"}, by="jonas")
    moved = do(office, steering.move_case, instance_id, call, "meet", "Klaida")
    do(office, steering.undo, instance_id, moved)
    (back,) = open_tasks(office.factory, instance_id)
    assert (back.element_id, back.assignee, back.draft) == ("call", "jonas", {"outcome": "no"})
    moved = do(office, steering.move_case, instance_id, back.id, "meet", "Vis dėlto")
    with office.factory.begin() as session:
        process.claim(session, at(office, instance_id, "meet"), by="ruta")
    with pytest.raises(CannotUndo) as refused:
        do(office, steering.undo, instance_id, moved)
    assert refused.value.why.name == "TOUCHED"


def test_nothing_is_steered_in_a_case_that_is_over(office):
    instance_id, call = begin(office, staff=5)
    complete(office, call, outcome="no")
    with pytest.raises(InstanceEnded):
        do(office, steering.correct_variable, instance_id, "staff", 6, "x")
    with pytest.raises(InstanceEnded):
        do(office, steering.move_case, instance_id, call, "meet", "x")
