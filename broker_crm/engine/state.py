"""The stored state of an instance: its task tree without the spec, compact and checked."""

from __future__ import annotations

import hashlib
import zlib
from collections.abc import Callable, Mapping
from typing import Any
from uuid import UUID

import orjson
from SpiffWorkflow.bpmn.specs.mixins.subworkflow_task import SubWorkflowTask
from SpiffWorkflow.task import Task
from SpiffWorkflow.util.task import TaskState

from broker_crm.engine.definition import CompiledProcess
from broker_crm.engine.errors import RuleFailed, StateDamaged
from broker_crm.engine.workflow import Instance, Subprocess, is_catching

MAGIC = b"BCRM"
FORMAT = 1
LARGEST = 64 * 1024 * 1024
"""Bytes of the JSON inside; a hundred parallel steps take some hundred thousand."""
_DIGEST = 16
_HEADER = len(MAGIC) + 1 + 16 + _DIGEST
_UNBOUND = UUID(int=0)

_ID, _PARENT, _SPEC, _STATE, _TRIGGERED, _INTERNAL, _DATA = range(7)


def dump(instance: Instance, instance_id: UUID | None) -> bytes:
    """Write an instance.

    The layout is: magic, format, the instance's id, a digest of all the rest, compressed JSON.

    Raises:
        RuleFailed: when a variable is not made of JSON values.
    """
    document = {
        "visits": instance.visits,
        "top": _dump_tree(instance),
        "subprocesses": [
            [str(parent), subprocess.spec.name, _dump_tree(subprocess)]
            for parent, subprocess in instance.subprocesses.items()
        ],
    }
    try:
        return _sealed(document, instance_id)
    except TypeError as error:
        raise RuleFailed(
            instance.spec.name, None, f"A variable can't be stored: {error}."
        ) from error


def ended(variables: Mapping[str, Any], instance_id: UUID) -> bytes:
    """The state of an instance that is over and of which only the variables are kept."""
    top = {"data": dict(variables), "completed": True, "tasks": []}
    return _sealed({"visits": {}, "top": top, "subprocesses": []}, instance_id)


def _sealed(document: Mapping[str, Any], instance_id: UUID | None) -> bytes:
    body = zlib.compress(orjson.dumps(document), 1)
    prefix = MAGIC + bytes([FORMAT]) + (instance_id or _UNBOUND).bytes
    return prefix + _digest(prefix + body) + body


def variables(state: bytes, instance_id: UUID | None) -> dict[str, Any]:
    """The instance's variables, without building the task tree.

    Raises:
        StateDamaged: as for `load`.
    """
    found: dict[str, Any] = _document(state, instance_id)["top"]["data"]
    return found


def rewritten(
    state: bytes, instance_id: UUID | None, change: Callable[[dict[str, Any]], dict[str, Any]]
) -> bytes:
    """The state with other variables, of the instance, its subprocesses and its tasks.

    Raises:
        StateDamaged: as for `load`.
    """
    document = _document(state, instance_id)
    for tree in (document["top"], *(part for _parent, _spec, part in document["subprocesses"])):
        tree["data"] = change(tree["data"])
        for row in tree["tasks"]:
            if row[_DATA]:
                row[_DATA] = change(row[_DATA])
    body = zlib.compress(orjson.dumps(document), 1)
    prefix = state[: _HEADER - _DIGEST]
    return prefix + _digest(prefix + body) + body


def load(process: CompiledProcess, state: bytes, engine: Any, instance_id: UUID | None) -> Instance:
    """Read an instance back.

    Args:
        process: the version that it runs on.
        state: what `dump` wrote.
        engine: what stands in for SpiffWorkflow's script engine.
        instance_id: checked against the one inside, where given.

    Raises:
        StateDamaged: for a wrong checksum, an unknown format, or another instance's state.
    """
    document = _document(state, instance_id)
    instance = Instance(
        process.spec,
        process.subprocess_specs,
        script_engine=engine,
        deserializing=True,
    )
    try:
        instance.visits = document["visits"]
        _load_tree(instance, document["top"])
        for parent, spec_name, tree in document["subprocesses"]:
            parent_id = UUID(parent)
            subprocess = Subprocess(
                process.subprocess_specs[spec_name],
                parent_task_id=parent_id,
                top_workflow=instance,
                deserializing=True,
            )
            instance.subprocesses[parent_id] = subprocess
            _load_tree(subprocess, tree)
            task = instance.get_task_from_id(parent_id)
            if isinstance(task.task_spec, SubWorkflowTask):
                subprocess.completed_event.connect(task.task_spec._on_subworkflow_completed, task)
    except KeyError as error:
        raise StateDamaged(
            f"The state names {error}, which this process version does not have."
        ) from error
    except (IndexError, TypeError, ValueError) as error:
        raise StateDamaged(f"The state is not made as it should be: {error}.") from error
    return instance


def _document(state: bytes, instance_id: UUID | None) -> dict[str, Any]:
    """The JSON inside, after every check; no more of it than a state may have."""
    reading = zlib.decompressobj()
    try:
        text = reading.decompress(_checked_body(state, instance_id), LARGEST)
        if not reading.eof:
            raise StateDamaged(f"The state is cut short or larger than {LARGEST} bytes.")
        document: dict[str, Any] = orjson.loads(text)
    except (zlib.error, orjson.JSONDecodeError) as error:
        raise StateDamaged(f"The state can't be read: {error}.") from error
    return document


def _checked_body(state: bytes, instance_id: UUID | None) -> bytes:
    prefix, digest, body = (
        state[: _HEADER - _DIGEST],
        state[_HEADER - _DIGEST : _HEADER],
        state[_HEADER:],
    )
    if len(state) <= _HEADER or not prefix.startswith(MAGIC):
        raise StateDamaged("The state is cut short or is not a state of this product.")
    if prefix[len(MAGIC)] != FORMAT:
        raise StateDamaged(
            f"The state has format {prefix[len(MAGIC)]}; this version reads {FORMAT}."
        )
    if _digest(prefix + body) != digest:
        raise StateDamaged("The state fails its checksum.")
    bound = UUID(bytes=prefix[len(MAGIC) + 1 :])
    if instance_id is not None and bound not in (instance_id, _UNBOUND):
        raise StateDamaged("The state belongs to another instance.")
    return body


def _digest(content: bytes) -> bytes:
    return hashlib.blake2b(content, digest_size=_DIGEST).digest()


def _dump_tree(workflow: Instance | Subprocess) -> dict[str, Any]:
    ordered: list[Task] = []
    waiting = [workflow.task_tree]
    while waiting:
        task = waiting.pop()
        ordered.append(task)
        waiting.extend(reversed(task.children))
    places = {task.id: place for place, task in enumerate(ordered)}
    return {
        "data": workflow.data,
        "completed": workflow.completed,
        "tasks": [
            [
                task.id.hex,
                places.get(task._parent, -1),
                task.task_spec.name,
                task._state,
                int(task.triggered),
                task.internal_data or 0,
                task.data or 0,
            ]
            for task in ordered
        ],
    }


def _load_tree(workflow: Instance | Subprocess, tree: dict[str, Any]) -> None:
    workflow.data = tree["data"]
    workflow.completed = tree["completed"]
    task_specs = workflow.spec.task_specs
    tasks: list[Task] = []
    for row in tree["tasks"]:
        parent = tasks[row[_PARENT]] if row[_PARENT] >= 0 else None
        task = Task(
            workflow,
            task_specs[row[_SPEC]],
            parent=parent,
            state=row[_STATE],
            id=UUID(hex=row[_ID]),
        )
        task.triggered = bool(row[_TRIGGERED])
        task.internal_data = row[_INTERNAL] or {}
        task.data = row[_DATA] or {}
        if task.state == TaskState.WAITING and is_catching(task):
            workflow.top_workflow.event_manager.add_task(task)
        tasks.append(task)
    workflow.task_tree = tasks[0]
