"""A start asked for twice under the same key happens once."""

from __future__ import annotations

import threading

import pytest

from broker_crm import process
from broker_crm.process.errors import KeyUsedOtherwise
from broker_crm.process.transactions import Command, run_command

from .office import rows
from .test_one_transaction import complete


def start(office, key, by="jonas", **variables):
    asked = {"process": "twoCalls", "variables": variables}

    def work(session):
        return process.start_once(
            session,
            key,
            asked,
            lambda: process.start(session, "twoCalls", variables, by=by),
            by=by,
        )

    return run_command(office.factory, work, Command("start", None, None, by, asked))


def test_the_same_key_starts_once_and_tells_where_the_case_stands(office):
    first = start(office, "k1", premium=7)
    complete(office, first.tasks[0].id, outcome="yes")
    again = start(office, "k1", premium=7)
    assert again.instance.id == first.instance.id
    assert [task.element_id for task in again.tasks] == ["meet"]
    assert rows(office.engine, "process_instance") == 1


def test_another_key_or_another_person_starts_another_case(office):
    started = {start(office, key, by).instance.id for key in "ab" for by in ("jonas", "ruta")}
    assert len(started | {start(office, None).instance.id}) == 5


def test_a_key_is_not_taken_for_another_start(office):
    start(office, "k1", premium=7)
    with pytest.raises(KeyUsedOtherwise):
        start(office, "k1", premium=8)
    assert rows(office.engine, "process_instance") == 1


def test_of_eight_equal_requests_at_once_one_starts(office):
    together = threading.Barrier(8)
    started = []

    def ask():
        together.wait()
        started.append(start(office, "k1").instance.id)

    requests = [threading.Thread(target=ask) for _ in range(8)]
    for request in requests:
        request.start()
    for request in requests:
        request.join()
    assert len(started) == 8 and len(set(started)) == 1
    assert rows(office.engine, "process_instance") == 1
