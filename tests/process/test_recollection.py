"""What is known of a case afterwards: values at each step, why gateways went where they went."""

from __future__ import annotations

from sqlalchemy import event, select

from broker_crm import process
from broker_crm.process.history import instance_history
from broker_crm.process.models import ProcessEvent
from broker_crm.process.recollection import recollect
from tests.engine.diagrams import flows

from .office import open_tasks, publish, reminder_flows, step

TOLD = (
    '<bpmn:startEvent id="begin" />'
    + step("call")
    + '<bpmn:scriptTask id="count"><bpmn:extensionElements>'
    '<zeebe:script expression="=7 + size" resultVariable="points" />'
    "</bpmn:extensionElements></bpmn:scriptTask>"
    + '<bpmn:exclusiveGateway id="answer" default="answer-lost" />'
    + step("meet")
    + '<bpmn:endEvent id="lost" />'
    + flows("begin>call", "call>count", "count>answer")
    + flows('answer>meet: =outcome = "yes" and points > 8', "answer>lost", "meet>lost")
    + reminder_flows("call")
    + reminder_flows("meet")
)


def begin(office):
    publish(office.factory, office.folder, told=TOLD)
    with office.factory.begin() as session:
        started = process.start(session, "told", {"size": 2, "outcome": "none"}, by="jonas")
        return started.instance.id, started.tasks[0].id


def complete(office, task_id, **values):
    with office.factory.begin() as session:
        return process.complete(session, task_id, values, by="jonas")


def test_each_step_tells_what_was_known_entered_and_changed(office):
    instance_id, call = begin(office)
    complete(office, call, outcome="yes")
    meet = open_tasks(office.factory, instance_id)[0]
    complete(office, meet.id, outcome="no")
    with office.factory() as session:
        first, second = recollect(instance_history(session, instance_id)).values()
    assert first.before == {"size": 2, "outcome": "none"}
    assert (first.entered, first.changed) == ({"outcome": "yes"}, {"outcome"})
    assert second.before == {"size": 2, "outcome": "yes", "points": 9}
    assert second.entered == {"outcome": "no"}


def test_the_reason_of_a_gateway_is_kept_within_the_same_statements(office):
    _instance, call = begin(office)
    statements: list[str] = []
    event.listen(
        office.engine,
        "before_cursor_execute",
        lambda _c, _cur, statement, *_rest: statements.append(statement),
    )
    complete(office, call, outcome="yes")
    assert len([one for one in statements if not one.startswith("BEGIN")]) <= 10
    with office.factory() as session:
        passed = select(ProcessEvent).where(ProcessEvent.element_id == "answer")
        value = session.scalars(passed).one().value
    assert value == {
        "flows": ["answer-meet"],
        "weighed": {"answer-meet": True},
        "with": {"outcome": "yes", "points": 9},
    }
