"""The process in which trials run: answers one request a line, and ends itself when it takes long.

It is told everything by its requests: it knows neither the product's database nor its settings.
"""

from __future__ import annotations

import json
import signal
import sys
from base64 import b64decode
from collections.abc import Mapping
from typing import Any

from broker_crm.definitions.bundle import Bundle, BundledFile
from broker_crm.definitions.models import ResourceKind
from broker_crm.engine.errors import DiagramRefused
from broker_crm.scenarios.errors import Problem, ScenarioRejected
from broker_crm.scenarios.performing import Performance, perform
from broker_crm.scenarios.reading import read


def main() -> None:
    """Answer requests until the caller closes the pipe."""
    answers = sys.stdout
    sys.stdout = sys.stderr
    for line in sys.stdin:
        request = json.loads(line)
        _end_after(request["cpu_seconds"], request["seconds"])
        answer = _answer(request)
        _end_after(0, 0)
        answers.write(json.dumps(answer, default=str) + "\n")
        answers.flush()


def _end_after(cpu_seconds: float, seconds: float) -> None:
    """Let the kernel end this process then, whatever it is doing; 0 takes it back."""
    signal.signal(signal.SIGPROF, signal.SIG_DFL)
    signal.signal(signal.SIGALRM, signal.SIG_DFL)
    signal.setitimer(signal.ITIMER_PROF, cpu_seconds)
    signal.setitimer(signal.ITIMER_REAL, seconds)


def _answer(request: Mapping[str, Any]) -> Mapping[str, object]:
    try:
        scenario = read(request["scenario"])
    except ScenarioRejected as rejected:
        return {"rejected": [problem.as_dict() for problem in rejected.problems]}
    bundles = [_bundle(told) for told in request["bundles"]]
    try:
        return perform(bundles, scenario, closely=request.get("closely")).as_dict()
    except DiagramRefused as error:
        why = str(error)
    except Exception as error:
        why = f"{type(error).__name__}: {error}"
    failed = Performance(scenario.process, scenario.name)
    failed.problem = Problem("", "broke", {"why": why[:500]})
    return failed.as_dict()


def _bundle(told: Mapping[str, Any]) -> Bundle:
    files = tuple(
        BundledFile(ResourceKind(kind), name, b64decode(content))
        for kind, name, content in told["files"]
    )
    return Bundle(told["process_key"], told["name"], files)


if __name__ == "__main__":
    main()
