"""Cases are found by what people typed; the words cost no statement, and readers' rights hold."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from sqlalchemy import select

from broker_crm import process
from broker_crm.crm import case_search
from broker_crm.crm.case_search import Wanted
from broker_crm.people.models import User
from broker_crm.process import recording
from broker_crm.process.models import ProcessInstance
from broker_crm.process.search_words import LONGEST, words_of
from broker_crm.process.transactions import Command, raise_incident
from tests.engine.diagrams import flows

from .office import publish, reminder_flows, step

NOTED = (
    '<bpmn:startEvent id="begin" />'
    + step("call", outcomes="Žąsų ūkis,brangu")
    + '<bpmn:endEvent id="done" />'
    + flows("begin>call", "call>done")
    + reminder_flows("call")
)


def begin(office, key="twoCalls", by="jonas", **case):
    with office.factory.begin() as session:
        data = process.CaseData(case.pop("title", "Pardavimas"), owner=by, **case)
        started = process.start(session, key, {}, by=by, case=data)
        return started.instance.id, started.tasks[0].id


def complete(office, task_id, outcome="yes", by="jonas"):
    with office.factory.begin() as session:
        return process.complete(session, task_id, {"outcome": outcome}, by=by)


def found(office, login, **wanted):
    with office.factory() as session:
        user = session.get_one(User, login)
        rows = case_search.cases(session, user, Wanted(**wanted))
        assert case_search.count(session, user, Wanted(**wanted)) == len(rows)
        return {instance.id for instance, _client in rows}


@pytest.fixture
def noted(office):
    publish(office.factory, office.folder, noted=NOTED)
    instance_id, task = begin(office, "noted")
    complete(office, task, "Žąsų ūkis")
    return instance_id


def test_what_was_typed_is_found_without_diacritics_by_those_who_may_read_it(office, noted):
    other, _task = begin(office, title="Kita")
    for login in ("jonas", "manager"):
        assert found(office, login, text="zasu UKIS") == {noted}
        assert found(office, login, text="zasu kita") == set()
    assert found(office, "manager", text="kita") == {other}
    assert found(office, "designer", text="pardavimas") == {noted}
    assert found(office, "designer", text="zasu") == set()
    assert found(office, "ruta", text="zasu") == set()


def test_an_erased_or_long_text_is_bounded():
    words = words_of([{"a": ["Ąžuolas", 7, 12, True, None]}, "ąžuolas; (žirgas)"])
    assert words == " azuolas 12 zirgas"
    assert len(words_of([" ".join(f"zodis{n}" for n in range(5_000))])) <= LONGEST


def test_each_filter_narrows_and_all_combine(office):
    first, call = begin(office)
    complete(office, call, "yes")
    second, _call = begin(office, by="ruta")
    third, call = begin(office)
    office.clock.advance(timedelta(days=10))
    complete(office, call, "no", by="jonas")
    everything = {first, second, third}
    assert found(office, "manager") == everything
    assert found(office, "manager", person="ruta") == {second}
    assert found(office, "manager", stands_at="call") == {second}
    assert found(office, "manager", stands_at="meet") == {first}
    assert found(office, "manager", passed="call") == {first, third}
    assert found(office, "manager", status="completed") == {third}
    assert found(office, "manager", process="twoCalls", version=1) == everything
    assert found(office, "manager", process="twoCalls", version=2) == set()
    assert found(office, "manager", process="other") == set()
    monday = date(2026, 11, 23)
    assert found(office, "manager", started_since=monday, started_until=monday) == everything
    assert found(office, "manager", started_since=monday + timedelta(days=1)) == set()
    assert found(office, "manager", ended_until=monday) == set()
    assert found(office, "manager", ended_since=monday) == {third}
    assert found(office, "manager", late="now") == {first, second}
    assert found(office, "manager", late="ever") == everything
    assert found(office, "manager", late="ever", passed="call", status="completed") == {third}
    assert found(office, "ruta") == {first, second}  # the meeting waits for the whole group


def test_cases_are_found_by_incidents_and_reasons(office):
    stopped, call = begin(office)
    cancelled, _call = begin(office)
    with office.factory.begin() as session:
        command = Command("complete", stopped, call, "jonas")
        incident = raise_incident(session, command, RuntimeError("no"))
        process.cancel(session, cancelled, "Klientas išvyko į Žemaitiją", by="manager")
        incident_id = incident.id
    assert found(office, "manager", incident="now") == {stopped}
    assert found(office, "manager", reason="kaunas isvyko") == set()
    assert found(office, "manager", reason="zemaitij isvyko") == {cancelled}
    assert found(office, "designer", reason="zemaitij") == set()
    with office.factory.begin() as session:
        process.dismiss_incident(session, incident_id, by="manager")
    assert found(office, "manager", incident="now") == set()
    assert found(office, "manager", incident="ever") == {stopped}


def test_words_of_a_case_do_not_grow_without_end(office):
    instance_id, _call = begin(office)
    for turn in range(12):
        with office.factory.begin() as session:
            text = " ".join(f"t{turn}n{number}" for number in range(400))
            recording.add_words(session, instance_id, text)
    with office.factory() as session:
        text = session.scalars(select(ProcessInstance.search_text)).one()
    assert 8_000 <= len(text) <= 10_000
