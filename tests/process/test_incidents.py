"""Incidents: one for each trouble, settled alone or many at once, closed when overtaken."""

from __future__ import annotations

from uuid import uuid4

import pytest
from sqlalchemy import update

from broker_crm import process
from broker_crm.people.models import User
from broker_crm.process import jobs
from broker_crm.process.errors import IncidentNotOpen, ProcessStopped
from broker_crm.process.incidents import close_overtaken
from broker_crm.process.transactions import Command, run_command
from tests.engine.diagrams import flows

from .office import open_tasks, publish, reminder_flows, step
from .test_one_transaction import begin, complete

TOLD = (
    '<bpmn:startEvent id="begin" />'
    + step("call")
    + '<bpmn:endEvent id="toldEnd"><bpmn:extensionElements><zeebe:taskDefinition type="remind" />'
    "</bpmn:extensionElements><bpmn:messageEventDefinition /></bpmn:endEvent>"
    + flows("begin>call", "call>toldEnd")
    + reminder_flows("call")
)


@pytest.fixture
def stopped(office):
    """Three cases whose completion has failed."""
    publish(office.factory, office.folder, told=TOLD)

    def broken(_call: jobs.JobCall) -> dict[str, object]:
        raise ValueError("nobody to tell")

    jobs.register("remind", broken)
    cases = [begin(office, "told") for _ in range(3)]
    for _instance, call in cases:
        fail(office, call)
    return cases


def fail(office, call):
    with pytest.raises(ProcessStopped):
        run_command(
            office.factory,
            lambda session: process.complete(session, call, {"outcome": "yes"}, by="jonas"),
            Command("complete", None, call, "jonas", {"values": {"outcome": "yes"}}),
        )


def waiting(office):
    with office.factory() as session:
        return process.open_incidents(session)


def test_the_same_failure_has_one_incident(office, stopped):
    _, call = stopped[0]
    first = {incident.id for incident in waiting(office)}
    fail(office, call)
    fail(office, call)
    assert {incident.id for incident in waiting(office)} == first and len(first) == 3


def test_many_are_tried_again_and_each_is_told_of_by_itself(office, stopped):
    still_broken, _ = stopped[1]

    def remind(call: jobs.JobCall) -> dict[str, object]:
        if call.case.id == still_broken:
            raise ValueError("still nobody to tell")
        return {}

    jobs.register("remind", remind)
    asked = {incident.instance_id: incident.id for incident in waiting(office)}
    chosen = [*(asked[instance] for instance, _ in stopped), uuid4()]
    settled = process.retry_incidents(office.factory, chosen, by="manager")
    told = [type(each.error) for each in settled]
    assert told == [type(None), ProcessStopped, type(None), IncidentNotOpen]
    (left,) = waiting(office)
    assert left.instance_id == still_broken and "still nobody" in left.message
    assert [len(open_tasks(office.factory, instance)) for instance, _ in stopped] == [0, 1, 0]


def test_many_are_dismissed_at_once(office, stopped):
    asked = [incident.id for incident in waiting(office)]
    settled = process.dismiss_incidents(office.factory, [*asked, asked[0]], by="manager")
    assert [type(each.error) for each in settled] == [*[type(None)] * 3, IncidentNotOpen]
    assert waiting(office) == []
    assert [len(open_tasks(office.factory, instance)) for instance, _ in stopped] == [1, 1, 1]


def test_an_incident_is_closed_when_the_person_got_through_without_it(office, stopped):
    jobs.register("remind", lambda _call: {})
    assert close_overtaken(office.factory) == 0
    complete(office, stopped[0][1], outcome="yes")
    assert close_overtaken(office.factory) == 1
    assert stopped[0][0] not in {incident.instance_id for incident in waiting(office)}


def test_what_a_failing_job_wrote_is_undone(office):
    publish(office.factory, office.folder, told=TOLD)
    _, call = begin(office, "told")

    def half_done(job: jobs.JobCall) -> dict[str, object]:
        job.session.execute(update(User).where(User.login == "ruta").values(name="Half"))
        raise ValueError("nobody to tell")

    jobs.register("remind", half_done)
    fail(office, call)
    with office.factory() as session:
        assert session.get_one(User, "ruta").name == "Ruta"
    assert len(waiting(office)) == 1
