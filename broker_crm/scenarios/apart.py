"""Runs trials in child processes that can be stopped, so that no diagram holds anybody up."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from base64 import b64encode
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from threading import Lock
from typing import Any

from broker_crm.definitions.bundle import Bundle
from broker_crm.scenarios.errors import Problem, ScenarioRejected, problem_from

CPU_SECONDS = 20.0
"""Computing time of one trial."""
SECONDS = 90.0
"""Time of one trial by the clock on the wall, on a machine that has much else to do."""
USES = 200
"""Trials after which a child makes room for a fresh one."""
IDLE = 2
"""Children that wait for the next trial."""
LET_THROUGH = ("PATH", "HOME", "LANG", "LC_ALL", "TMPDIR", "PYTHONPATH", "SYSTEMROOT")
"""Environment variables that a child gets: none that names a database or a mail server."""
ROOT = Path(__file__).resolve().parents[2]

_idle: list[_Child] = []
_lock = Lock()


def perform_apart(
    bundles: Sequence[Bundle],
    scenario: Mapping[str, object],
    *,
    closely: str | None = None,
    cpu_seconds: float = CPU_SECONDS,
    seconds: float = SECONDS,
) -> dict[str, Any]:
    """Live a scenario through in a child process.

    Args:
        bundles: the processes to publish on its stage.
        scenario: as JSON holds it.
        closely: language of a reader who wants letters, help and history.
        cpu_seconds: computing time after which it is stopped.
        seconds: time after which it is stopped.

    Returns:
        A performance as `Performance.as_dict` gives it; its problem is 'too-long' when stopped.

    Raises:
        ScenarioRejected: the scenario can't be read.
    """
    request = {
        "bundles": [_told(bundle) for bundle in bundles],
        "scenario": dict(scenario),
        "closely": closely,
        "cpu_seconds": cpu_seconds,
        "seconds": seconds,
    }
    with _child() as child:
        answer = child.ask(request)
    if answer is None:
        problem = Problem("", "too-long", {"seconds": f"{cpu_seconds:g}"})
        return {
            "process": str(scenario.get("process", "")),
            "name": str(scenario.get("name", "")),
            "kept": False,
            "problem": problem.as_dict(),
            "done": 0,
            "verdicts": [],
            "coverage": None,
            "seen": None,
            "seconds": seconds,
        }
    if "rejected" in answer:
        raise ScenarioRejected([problem_from(told) for told in answer["rejected"]])
    return answer


class _Child:
    """One process that carries out trials, one after the other."""

    def __init__(self) -> None:
        self.uses = 0
        self.process = subprocess.Popen(
            [sys.executable, "-m", "broker_crm.scenarios.child"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env={name: os.environ[name] for name in LET_THROUGH if name in os.environ},
            cwd=ROOT,
            start_new_session=True,
        )

    def ask(self, request: Mapping[str, object]) -> dict[str, Any] | None:
        """The answer; None when the child ended without one."""
        self.uses += 1
        entry, answers = self.process.stdin, self.process.stdout
        if entry is None or answers is None:
            return None
        with suppress(BrokenPipeError):
            entry.write(json.dumps(request).encode() + b"\n")
            entry.flush()
        line = answers.readline()
        return json.loads(line) if line else None

    def end(self) -> None:
        for pipe in (self.process.stdin, self.process.stdout):
            if pipe is not None:
                with suppress(OSError):
                    pipe.close()
        self.process.kill()
        self.process.wait()

    @property
    def fit(self) -> bool:
        return self.uses < USES and self.process.poll() is None


@contextmanager
def _child() -> Iterator[_Child]:
    """A child of one's own meanwhile."""
    with _lock:
        child = _idle.pop() if _idle else None
    if child is None or not child.fit:
        if child is not None:
            child.end()
        child = _Child()
    try:
        yield child
    except BaseException:
        child.end()
        raise
    with _lock:
        if child.process.poll() is None and len(_idle) < IDLE:
            _idle.append(child)
            return
    child.end()


def _told(bundle: Bundle) -> dict[str, object]:
    return {
        "process_key": bundle.process_key,
        "name": bundle.name,
        "files": [
            [str(file.kind), file.name, b64encode(file.content).decode()] for file in bundle.files
        ],
    }
