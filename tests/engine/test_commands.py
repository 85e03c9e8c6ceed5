"""What the engine promises about running instances."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from broker_crm import clock
from broker_crm.engine import commands
from broker_crm.engine.errors import (
    BpmnErrorThrown,
    NothingWaits,
    RuleFailed,
    StateDamaged,
    TaskNotOpen,
)
from broker_crm.engine.transition import EventKind, Transition

from .diagrams import Jobs, around, compiled, flows, properties, user_task

MONDAY = datetime(2026, 11, 23, 8, 0, tzinfo=UTC)
START = '<bpmn:startEvent id="s" />'
END = '<bpmn:endEvent id="e" />'


@pytest.fixture
def at_monday():
    simulated = clock.SimulatedClock(MONDAY)
    with clock.use(simulated):
        yield simulated


def task_of(transition: Transition, element: str):
    return next(task for task in transition.created if task.element_id == element)


def test_a_gateway_follows_the_outcome_of_the_task(at_monday):
    process = compiled(
        START
        + user_task("call", extensions=properties(outcomes="yes,no"))
        + '<bpmn:exclusiveGateway id="g" default="g-e" />'
        + user_task("meet")
        + END
        + flows("s>call", "call>g", 'g>meet: =outcome = "yes"', "g>e", "meet>e")
    )
    state, begun = commands.start(process, {"clientId": 7}, around())
    call = task_of(begun, "call")
    assert call.outcomes == ("yes", "no")
    state, after = commands.complete(process, state, call.id, {"outcome": "yes"}, around())
    assert [task.element_id for task in after.created] == ["meet"]
    assert after.completed[0].outcome == "yes"
    gateway = next(event for event in after.events if event.element_id == "g")
    assert gateway.value["flows"] == ["g-meet"]
    assert after.variables == {"clientId": 7, "outcome": "yes"}
    _, ended = commands.complete(process, state, task_of(after, "meet").id, {}, around())
    assert ended.finished and ended.end_element_id == "e"


def test_a_condition_that_is_not_boolean_fails_and_never_takes_the_default(at_monday):
    process = compiled(
        START
        + user_task("call")
        + '<bpmn:exclusiveGateway id="g" default="g-e" /><bpmn:endEvent id="x" />'
        + END
        + flows("s>call", "call>g", "g>x: =outcome", "g>e")
    )
    state, begun = commands.start(process, {}, around())
    with pytest.raises(RuleFailed, match="instead of true or false"):
        commands.complete(
            process, state, task_of(begun, "call").id, {"outcome": "perhaps"}, around()
        )


def test_an_undefined_variable_in_a_condition_fails(at_monday):
    process = compiled(
        START
        + user_task("call")
        + '<bpmn:exclusiveGateway id="g" default="g-e" /><bpmn:endEvent id="x" />'
        + END
        + flows("s>call", "call>g", "g>x: =premium > 100", "g>e")
    )
    state, begun = commands.start(process, {}, around())
    with pytest.raises(RuleFailed):
        commands.complete(process, state, task_of(begun, "call").id, {}, around())


def test_completing_a_task_that_is_not_open_is_refused(at_monday):
    process = compiled(START + user_task("a") + user_task("b") + END + flows("s>a", "a>b", "b>e"))
    state, begun = commands.start(process, {}, around())
    first = task_of(begun, "a").id
    state, _ = commands.complete(process, state, first, {}, around())
    with pytest.raises(TaskNotOpen):
        commands.complete(process, state, first, {}, around())


def test_due_date_follows_the_standard_on_the_calendar(at_monday):
    process = compiled(
        START
        + user_task("a", extensions=properties(standardWorkingDays="=days", standardCost="12.5"))
        + END
        + flows("s>a", "a>e")
    )
    _, begun = commands.start(process, {"days": 3}, around())
    created = task_of(begun, "a")
    assert created.standards.working_days == 3
    assert created.standards.cost == 12.5
    assert created.due_at == datetime(2026, 11, 26, 15, 0, tzinfo=UTC)


REMINDED = (
    START
    + user_task("call", extensions=properties(standardWorkingDays="3"))
    + '<bpmn:boundaryEvent id="remind" attachedToRef="call" cancelActivity="false">'
    "<bpmn:timerEventDefinition><bpmn:timeCycle>=[before due(1), at due(), after due(1)]"
    "</bpmn:timeCycle></bpmn:timerEventDefinition></bpmn:boundaryEvent>"
    '<bpmn:endEvent id="reminded"><bpmn:extensionElements><zeebe:taskDefinition type="remind" />'
    "</bpmn:extensionElements><bpmn:messageEventDefinition /></bpmn:endEvent>"
    '<bpmn:boundaryEvent id="late" attachedToRef="call" cancelActivity="false">'
    "<bpmn:timerEventDefinition><bpmn:timeDate>=after due(3)</bpmn:timeDate>"
    "</bpmn:timerEventDefinition></bpmn:boundaryEvent>"
    '<bpmn:endEvent id="escalated"><bpmn:extensionElements>'
    '<zeebe:taskDefinition type="escalate" /></bpmn:extensionElements>'
    "<bpmn:messageEventDefinition /></bpmn:endEvent>"
    + END
    + flows("s>call", "call>e", "remind>reminded", "late>escalated")
)


def test_reminders_fire_before_at_and_after_the_due_time_and_the_task_stays_open(at_monday):
    process = compiled(REMINDED)
    jobs = Jobs()
    state, begun = commands.start(process, {}, around(jobs))
    task_id = task_of(begun, "call").id
    timers = {timer.element_id: timer for timer in begun.timers}
    assert {timer.host_task_id for timer in timers.values()} == {task_id}
    fired = []
    for _ in range(3):
        timer = timers["remind"]
        at_monday.set(timer.due_at)
        state, step = commands.fire_timer(process, state, timer.id, around(jobs))
        fired.append(timer.due_at)
        assert not step.created and not step.cancelled
        timers.update({each.element_id: each for each in step.timers})
    assert [moment.day for moment in fired] == [25, 26, 27]
    assert step.timers_gone == (timers["remind"].id,)
    at_monday.set(timers["late"].due_at)
    state, step = commands.fire_timer(process, state, timers["late"].id, around(jobs))
    assert [job.type for job in jobs.ran] == ["remind"] * 3 + ["escalate"]
    assert {job.host_task_id for job in jobs.ran} == {task_id}
    _, ended = commands.complete(process, state, task_id, {}, around(jobs))
    assert ended.finished


def test_completing_the_task_takes_its_timers_away(at_monday):
    process = compiled(REMINDED)
    state, begun = commands.start(process, {}, around())
    _, ended = commands.complete(process, state, task_of(begun, "call").id, {}, around())
    assert ended.finished
    assert set(ended.timers_gone) == {timer.id for timer in begun.timers}


def test_a_timer_that_is_not_due_does_not_fire(at_monday):
    process = compiled(REMINDED)
    state, begun = commands.start(process, {}, around())
    with pytest.raises(NothingWaits):
        commands.fire_timer(process, state, begun.timers[0].id, around())


def test_a_late_completion_does_not_fire_timers_by_itself(at_monday):
    process = compiled(REMINDED)
    jobs = Jobs()
    state, begun = commands.start(process, {}, around(jobs))
    at_monday.advance(timedelta(days=30))
    commands.complete(process, state, task_of(begun, "call").id, {}, around(jobs))
    assert jobs.ran == []


def test_an_interrupting_message_cancels_the_task(at_monday):
    process = compiled(
        START + user_task("call") + '<bpmn:boundaryEvent id="stop" attachedToRef="call">'
        '<bpmn:messageEventDefinition messageRef="M" /></bpmn:boundaryEvent>'
        '<bpmn:endEvent id="stopped" />' + END + flows("s>call", "call>e", "stop>stopped"),
        '<bpmn:message id="M" name="withdrawn"><bpmn:extensionElements>'
        '<zeebe:subscription correlationKey="=clientId" /></bpmn:extensionElements></bpmn:message>',
    )
    state, begun = commands.start(process, {"clientId": 7}, around())
    subscription = begun.subscriptions[0]
    assert (subscription.name, subscription.correlation_key) == ("withdrawn", "7")
    _, after = commands.deliver(process, state, subscription.id, {"why": "gdpr"}, around())
    assert after.cancelled == (task_of(begun, "call").id,)
    assert after.finished and after.end_element_id == "stopped"
    assert after.variables["why"] == "gdpr"


def test_a_bpmn_error_of_a_job_is_caught_by_code(at_monday):
    process = compiled(
        START + '<bpmn:serviceTask id="job"><bpmn:extensionElements>'
        '<zeebe:taskDefinition type="check" /></bpmn:extensionElements></bpmn:serviceTask>'
        '<bpmn:boundaryEvent id="denied" attachedToRef="job">'
        '<bpmn:errorEventDefinition errorRef="E" /></bpmn:boundaryEvent>'
        + user_task("ask")
        + END
        + flows("s>job", "job>e", "denied>ask", "ask>e"),
        '<bpmn:error id="E" name="Denied" errorCode="denied" />',
    )
    _, caught = commands.start(process, {}, around(Jobs(check=BpmnErrorThrown("denied"))))
    assert [task.element_id for task in caught.created] == ["ask"]
    with pytest.raises(RuleFailed, match="not caught"):
        commands.start(process, {}, around(Jobs(check=BpmnErrorThrown("other"))))


def test_parallel_branches_join_and_both_results_are_kept(at_monday):
    process = compiled(
        START
        + '<bpmn:parallelGateway id="f" /><bpmn:parallelGateway id="j" />'
        + user_task("a")
        + user_task("b")
        + user_task("c")
        + END
        + flows("s>f", "f>a", "f>b", "a>j", "b>j", "j>c", "c>e")
    )
    state, begun = commands.start(process, {}, around())
    a, b = task_of(begun, "a"), task_of(begun, "b")
    state, half = commands.complete(process, state, a.id, {"x": 1}, around())
    assert not half.created and not half.finished
    state, whole = commands.complete(process, state, b.id, {"y": 2}, around())
    assert [task.element_id for task in whole.created] == ["c"]
    assert whole.variables == {"x": 1, "y": 2}
    _, ended = commands.complete(process, state, task_of(whole, "c").id, {}, around())
    assert ended.finished


def test_an_inclusive_gateway_waits_for_the_branches_it_took(at_monday):
    process = compiled(
        START
        + '<bpmn:inclusiveGateway id="f" /><bpmn:inclusiveGateway id="j" />'
        + user_task("a")
        + user_task("b")
        + user_task("c")
        + user_task("d")
        + END
        + flows(
            "s>f", "f>a: =n > 0", "f>b: =n > 1", "f>c: =n > 2", "a>j", "b>j", "c>j", "j>d", "d>e"
        )
    )
    state, begun = commands.start(process, {"n": 2}, around())
    assert sorted(task.element_id for task in begun.created) == ["a", "b"]
    state, half = commands.complete(process, state, task_of(begun, "a").id, {}, around())
    assert not half.created
    _, whole = commands.complete(process, state, task_of(begun, "b").id, {}, around())
    assert [task.element_id for task in whole.created] == ["d"]


def test_the_first_event_behind_an_event_gateway_wins(at_monday):
    process = compiled(
        START + '<bpmn:eventBasedGateway id="g" />'
        '<bpmn:intermediateCatchEvent id="replied">'
        '<bpmn:messageEventDefinition messageRef="M" /></bpmn:intermediateCatchEvent>'
        '<bpmn:intermediateCatchEvent id="week"><bpmn:timerEventDefinition>'
        "<bpmn:timeDuration>P7D</bpmn:timeDuration></bpmn:timerEventDefinition>"
        "</bpmn:intermediateCatchEvent>"
        + user_task("answer")
        + user_task("chase")
        + END
        + flows(
            "s>g", "g>replied", "g>week", "replied>answer", "week>chase", "answer>e", "chase>e"
        ),
        '<bpmn:message id="M" name="reply"><bpmn:extensionElements>'
        '<zeebe:subscription correlationKey="=clientId" /></bpmn:extensionElements></bpmn:message>',
    )
    state, begun = commands.start(process, {"clientId": 7}, around())
    _, replied = commands.deliver(process, state, begun.subscriptions[0].id, {}, around())
    assert [task.element_id for task in replied.created] == ["answer"]
    assert replied.timers_gone == (begun.timers[0].id,)
    at_monday.advance(timedelta(days=7))
    _, late = commands.fire_timer(process, state, begun.timers[0].id, around())
    assert [task.element_id for task in late.created] == ["chase"]
    assert late.subscriptions_gone == (begun.subscriptions[0].id,)


def multi(sequential: str, condition: str = "") -> str:
    inside = (
        f'<bpmn:multiInstanceLoopCharacteristics isSequential="{sequential}">'
        '<bpmn:extensionElements><zeebe:loopCharacteristics inputCollection="=insurers"'
        ' inputElement="insurer" outputCollection="quotes" outputElement="=premium" />'
        f"</bpmn:extensionElements>{condition}</bpmn:multiInstanceLoopCharacteristics>"
    )
    return START + user_task("quote", inside=inside) + END + flows("s>quote", "quote>e")


def test_parallel_instances_run_at_once_and_collect_their_results(at_monday):
    process = compiled(multi("false"))
    state, begun = commands.start(process, {"insurers": ["A", "B"]}, around())
    assert [task.local_variables["insurer"] for task in begun.created] == ["A", "B"]
    first, second = begun.created
    state, half = commands.complete(process, state, second.id, {"premium": 20}, around())
    assert not half.finished
    _, ended = commands.complete(process, state, first.id, {"premium": 10}, around())
    assert ended.finished
    assert ended.variables["quotes"] == [10, 20]
    assert "insurer" not in ended.variables


def test_sequential_instances_come_one_after_the_other(at_monday):
    process = compiled(multi("true"))
    state, begun = commands.start(process, {"insurers": ["A", "B"]}, around())
    assert len(begun.created) == 1
    state, half = commands.complete(process, state, begun.created[0].id, {"premium": 1}, around())
    assert half.created[0].local_variables["insurer"] == "B"
    _, ended = commands.complete(process, state, half.created[0].id, {"premium": 2}, around())
    assert ended.finished and ended.variables["quotes"] == [1, 2]


def test_more_than_a_hundred_instances_are_refused(at_monday):
    process = compiled(multi("false"))
    with pytest.raises(RuleFailed, match="the limit is 100"):
        commands.start(process, {"insurers": list(range(101))}, around())


def test_an_embedded_subprocess_shares_variables_and_can_be_interrupted(at_monday):
    inside = (
        '<bpmn:startEvent id="s2" />'
        + user_task("a")
        + '<bpmn:endEvent id="e2" />'
        + flows("s2>a", "a>e2")
    )
    process = compiled(
        START + f'<bpmn:subProcess id="sub">{inside}</bpmn:subProcess>'
        '<bpmn:boundaryEvent id="stop" attachedToRef="sub">'
        '<bpmn:messageEventDefinition messageRef="M" /></bpmn:boundaryEvent>'
        '<bpmn:endEvent id="stopped" />'
        + user_task("b")
        + END
        + flows("s>sub", "sub>b", "b>e", "stop>stopped"),
        '<bpmn:message id="M" name="stop"><bpmn:extensionElements>'
        '<zeebe:subscription correlationKey="=clientId" /></bpmn:extensionElements></bpmn:message>',
    )
    state, begun = commands.start(process, {"clientId": 1}, around())
    _, stopped = commands.deliver(process, state, begun.subscriptions[0].id, {}, around())
    assert stopped.finished and stopped.cancelled == (begun.created[0].id,)
    state, after = commands.complete(process, state, begun.created[0].id, {"x": 5}, around())
    assert [task.element_id for task in after.created] == ["b"]
    assert after.variables["x"] == 5
    assert after.subscriptions_gone == (begun.subscriptions[0].id,)


def test_a_called_process_has_variables_of_its_own(at_monday):
    from .diagrams import diagram

    called = diagram(
        '<bpmn:startEvent id="s3" />'
        + user_task("inner")
        + '<bpmn:endEvent id="e3" />'
        + flows("s3>inner", "inner>e3"),
        process="called",
    )
    process = compiled(
        START + '<bpmn:callActivity id="call"><bpmn:extensionElements>'
        '<zeebe:calledElement processId="called" propagateAllChildVariables="false" />'
        '<zeebe:ioMapping><zeebe:input source="=n + 1" target="m" />'
        '<zeebe:output source="=answer" target="result" /></zeebe:ioMapping>'
        "</bpmn:extensionElements></bpmn:callActivity>" + END + flows("s>call", "call>e"),
        others={"called.bpmn": called},
    )
    state, begun = commands.start(process, {"n": 1}, around())
    _, ended = commands.complete(
        process, state, begun.created[0].id, {"answer": 42, "secret": 1}, around()
    )
    assert ended.finished
    assert ended.variables == {"n": 1, "result": 42}


def test_terminate_ends_everything(at_monday):
    process = compiled(
        START
        + '<bpmn:parallelGateway id="f" />'
        + user_task("a")
        + user_task("b")
        + '<bpmn:endEvent id="t"><bpmn:terminateEventDefinition /></bpmn:endEvent>'
        + END
        + flows("s>f", "f>a", "f>b", "a>t", "b>e")
    )
    state, begun = commands.start(process, {}, around())
    _, ended = commands.complete(process, state, task_of(begun, "a").id, {}, around())
    assert ended.finished
    assert ended.cancelled == (task_of(begun, "b").id,)


def test_measurement_points_are_recorded_with_their_value(at_monday):
    process = compiled(
        START + '<bpmn:scriptTask id="calc"><bpmn:extensionElements>'
        '<zeebe:script expression="=premium * 2" resultVariable="double" />'
        "</bpmn:extensionElements></bpmn:scriptTask>"
        '<bpmn:intermediateThrowEvent id="m"><bpmn:extensionElements>'
        + properties(measure="offer-prepared", measureValue="=double")
        + "</bpmn:extensionElements></bpmn:intermediateThrowEvent>"
        + END
        + flows("s>calc", "calc>m", "m>e")
    )
    _, ended = commands.start(process, {"premium": 10}, around())
    measured = [event for event in ended.events if event.kind == EventKind.MEASURED]
    assert [(event.measure, event.value) for event in measured] == [("offer-prepared", 20)]


def test_a_loop_of_two_hundred_rounds_keeps_the_state_small(at_monday):
    process = compiled(
        START
        + '<bpmn:exclusiveGateway id="m" />'
        + user_task("a")
        + '<bpmn:exclusiveGateway id="g" default="g-e" />'
        + END
        + flows("s>m", "m>a", "a>g", "g>m: =again", "g>e")
    )
    state, step = commands.start(process, {}, around())
    sizes = []
    for _ in range(200):
        state, step = commands.complete(
            process, state, step.created[0].id, {"again": True}, around()
        )
        sizes.append(len(state))
    assert step.created[0].loop_number == 201
    assert max(sizes) < 2 * min(sizes)


def test_an_endless_automatic_loop_is_stopped(at_monday):
    process = compiled(
        START
        + user_task("a")
        + '<bpmn:exclusiveGateway id="m" /><bpmn:scriptTask id="calc"><bpmn:extensionElements>'
        '<zeebe:script expression="=1" resultVariable="x" /></bpmn:extensionElements>'
        '</bpmn:scriptTask><bpmn:exclusiveGateway id="g" default="g-e" />'
        + END
        + flows("s>a", "a>m", "m>calc", "calc>g", "g>m: =x = 1", "g>e")
    )
    state, begun = commands.start(process, {}, around())
    with pytest.raises(RuleFailed, match="circle"):
        commands.complete(process, state, begun.created[0].id, {}, around())


def test_a_damaged_or_foreign_state_is_never_run(at_monday):
    from uuid import uuid4

    process = compiled(START + user_task("a") + END + flows("s>a", "a>e"))
    mine = commands.Surroundings(around().calendar, Jobs(), uuid4())
    state, begun = commands.start(process, {}, mine)
    for place in range(0, len(state), 7):
        broken = bytearray(state)
        broken[place] ^= 1
        with pytest.raises(StateDamaged):
            commands.complete(process, bytes(broken), begun.created[0].id, {}, mine)
    other = commands.Surroundings(around().calendar, Jobs(), uuid4())
    with pytest.raises(StateDamaged, match="another instance"):
        commands.complete(process, state, begun.created[0].id, {}, other)


def test_cancelling_takes_everything_away(at_monday):
    process = compiled(REMINDED)
    state, begun = commands.start(process, {}, around())
    _, ended = commands.cancel(process, state, around())
    assert ended.finished
    assert set(ended.cancelled) == {task.id for task in begun.created}
    assert set(ended.timers_gone) == {timer.id for timer in begun.timers}


def test_a_signal_that_interrupts_nothing_is_heard_each_time(at_monday):
    news = '<bpmn:signal id="news" name="news" />'
    process = compiled(
        '<bpmn:startEvent id="s" />'
        + user_task("call")
        + '<bpmn:boundaryEvent id="heard" attachedToRef="call" cancelActivity="false">'
        '<bpmn:signalEventDefinition signalRef="news" /></bpmn:boundaryEvent>'
        + user_task("note")
        + '<bpmn:endEvent id="noted" /><bpmn:endEvent id="e" />'
        + flows("s>call", "call>e", "heard>note", "note>noted"),
        news,
    )
    state, transition = commands.start(process, {}, around())
    (waiting,) = transition.subscriptions
    call = transition.created[0].id
    for _ in range(3):
        state, transition = commands.deliver(process, state, waiting.id, {}, around())
        assert [task.element_id for task in transition.created] == ["note"]
        assert transition.subscriptions_gone == ()
        kinds = [event.kind for event in transition.events if event.element_id == "heard"]
        assert kinds == ["message-received", "element-passed"]
    state, transition = commands.complete(process, state, call, {}, around())
    assert transition.subscriptions_gone == (waiting.id,) and not transition.finished
    assert len(commands.inspect(process, state, around()).open_tasks) == 3


def test_what_a_reminder_began_goes_on_after_its_task_is_done(at_monday):
    process = compiled(
        START
        + user_task("call", extensions=properties(standardWorkingDays="1"))
        + '<bpmn:boundaryEvent id="late" attachedToRef="call" cancelActivity="false">'
        "<bpmn:timerEventDefinition><bpmn:timeCycle>=[after due(1), after due(2), after due(9)]"
        "</bpmn:timeCycle></bpmn:timerEventDefinition></bpmn:boundaryEvent>"
        + user_task("chase")
        + '<bpmn:endEvent id="chased" />'
        + END
        + flows("s>call", "call>e", "late>chase", "chase>chased")
    )
    state, transition = commands.start(process, {}, around())
    (timer,), call = transition.timers, transition.created[0].id
    at_monday.advance(timedelta(days=7))
    for _ in range(2):
        state, transition = commands.fire_timer(process, state, timer.id, around())
    chase = task_of(transition, "chase").id
    state, transition = commands.complete(process, state, call, {}, around())
    assert transition.timers_gone == (timer.id,) and transition.cancelled == ()
    state, transition = commands.complete(process, state, chase, {}, around())
    assert len(commands.inspect(process, state, around()).open_tasks) == 1
    assert not transition.finished


def test_a_reminder_on_a_subprocess_is_about_what_is_open_within(at_monday):
    inner = '<bpmn:startEvent id="is" /><bpmn:endEvent id="ie" />' + user_task("a") + user_task("b")
    inner += '<bpmn:parallelGateway id="fork" /><bpmn:parallelGateway id="join" />'
    inner += flows("is>fork", "fork>a", "fork>b", "a>join", "b>join", "join>ie")
    process = compiled(
        START
        + f'<bpmn:subProcess id="sub">{inner}</bpmn:subProcess>'
        + '<bpmn:boundaryEvent id="late" attachedToRef="sub" cancelActivity="false">'
        "<bpmn:timerEventDefinition><bpmn:timeDuration>P1D</bpmn:timeDuration>"
        "</bpmn:timerEventDefinition></bpmn:boundaryEvent>"
        '<bpmn:endEvent id="told"><bpmn:extensionElements><zeebe:taskDefinition type="remind" />'
        "</bpmn:extensionElements><bpmn:messageEventDefinition /></bpmn:endEvent>"
        + END
        + flows("s>sub", "sub>e", "late>told")
    )
    jobs = Jobs()
    state, transition = commands.start(process, {}, around(jobs))
    opened = {task.id for task in transition.created}
    at_monday.advance(timedelta(days=2))
    commands.fire_timer(process, state, transition.timers[0].id, around(jobs))
    assert set(jobs.ran[0].host_instances) == opened and len(opened) == 2
