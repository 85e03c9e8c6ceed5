"""A stored state is trusted only when every bit of it is as it was written, for that instance."""

from __future__ import annotations

import hashlib
import json
import pickle
import random
import subprocess
import sys
import zlib
from uuid import UUID, uuid4

import pytest

from broker_crm.engine import commands as engine
from broker_crm.engine.errors import StateDamaged
from broker_crm.engine.run import Surroundings
from broker_crm.engine.state import FORMAT, LARGEST, MAGIC
from tests.engine.diagrams import Jobs, calendar, compiled, flows, properties, user_task

PROCESS = compiled(
    '<bpmn:startEvent id="s" />'
    + user_task("a", extensions=properties(standardWorkingDays="1"))
    + '<bpmn:endEvent id="e" />'
    + flows("s>a", "a>e")
)
EVIL = "__import__('os').system('touch /tmp/never')"


def around(instance_id: UUID) -> Surroundings:
    return Surroundings(calendar(), Jobs(), instance_id)


@pytest.fixture
def stored() -> tuple[UUID, bytes, UUID]:
    instance_id = uuid4()
    variables = {"premium": 1234.5, "client": {"name": "UAB „Bandymas“"}}
    state, begun = engine.start(PROCESS, variables, around(instance_id))
    return instance_id, state, begun.created[0].id


def refused(state: bytes, instance_id: UUID, task: UUID) -> None:
    for read in (
        lambda: engine.complete(PROCESS, state, task, {}, around(instance_id)),
        lambda: engine.inspect(PROCESS, state, around(instance_id)),
        lambda: engine.variables(state, instance_id),
        lambda: engine.cancel(PROCESS, state, around(instance_id)),
    ):
        with pytest.raises(StateDamaged):
            read()


def test_every_single_flipped_bit_is_noticed(stored):
    instance_id, state, task = stored
    for place in range(len(state) * 8):
        flipped = bytearray(state)
        flipped[place // 8] ^= 1 << place % 8
        with pytest.raises(StateDamaged):
            engine.variables(bytes(flipped), instance_id)
    engine.complete(PROCESS, state, task, {}, around(instance_id))


def test_a_state_cut_short_or_made_longer_is_noticed(stored):
    instance_id, state, task = stored
    for length in range(len(state)):
        with pytest.raises(StateDamaged):
            engine.variables(state[:length], instance_id)
    refused(state + b"\0", instance_id, task)
    refused(state + state, instance_id, task)


def test_random_damage_is_noticed_by_every_command(stored):
    instance_id, state, task = stored
    chance = random.Random(5)
    for _ in range(200):
        damaged = bytearray(state)
        for _ in range(chance.randint(1, 9)):
            damaged[chance.randrange(len(damaged))] = chance.randrange(256)
        if bytes(damaged) != state:
            refused(bytes(damaged), instance_id, task)


def test_another_instance_s_state_is_never_run(stored):
    _, state, task = stored
    refused(state, uuid4(), task)


def sealed(body: bytes, instance_id: UUID, form: int = FORMAT) -> bytes:
    """A blob with the right seal, as only somebody who knows the format could make it."""
    prefix = MAGIC + bytes([form]) + instance_id.bytes
    return prefix + hashlib.blake2b(prefix + body, digest_size=16).digest() + body


def foreign(instance_id: UUID) -> dict[str, bytes]:
    old = json.dumps({"serializer_version": "1.1", "spec": {"timer": EVIL}, "tasks": {}}).encode()
    return {
        "nothing": b"",
        "a pickle": pickle.dumps({"state": 1}),
        "the library's own JSON": old,
        "the library's own JSON, sealed": sealed(zlib.compress(old), instance_id),
        "another format": sealed(zlib.compress(b"{}"), instance_id, FORMAT + 1),
        "format nought": sealed(zlib.compress(b"{}"), instance_id, 0),
        "no JSON": sealed(zlib.compress(b"premium = 7"), instance_id),
        "no compression": sealed(b"{}", instance_id),
        "an empty object": sealed(zlib.compress(b"{}"), instance_id),
        "a list": sealed(zlib.compress(b"[]"), instance_id),
        "tasks of nowhere": sealed(
            zlib.compress(
                b'{"visits":{},"top":{"data":{},"completed":false,"tasks":[["7",-1,"x",1,0,0,0]]},'
                b'"subprocesses":[]}'
            ),
            instance_id,
        ),
        "a bomb": sealed(zlib.compress(b" " * (LARGEST + 1), 9), instance_id),
    }


@pytest.mark.parametrize("kind", foreign(UUID(int=7)))
def test_a_foreign_blob_is_never_run(kind):
    instance_id = uuid4()
    blob = foreign(instance_id)[kind]
    with pytest.raises(StateDamaged):
        engine.complete(PROCESS, blob, uuid4(), {}, around(instance_id))
    with pytest.raises(StateDamaged):
        engine.inspect(PROCESS, blob, around(instance_id))


def test_the_library_s_migrations_of_old_states_are_not_even_loaded():
    """They evaluate text of the state as Python; the product never reads with that serializer."""
    program = (
        "import sys, broker_crm.web, broker_crm.worker, broker_crm.engine.commands\n"
        "print([name for name in sys.modules if name.startswith('SpiffWorkflow')"
        " and ('migration' in name or 'serializer.workflow' in name)])"
    )
    run = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )
    assert run.stdout.strip() == "[]"
