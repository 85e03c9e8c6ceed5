"""The child process of `checking`: reads files, answers findings, and never outstays its limits."""

from __future__ import annotations

import resource
import signal
import sys
import traceback
from base64 import b64decode
from pathlib import Path

import orjson

from broker_crm.definitions.bundle import arrange
from broker_crm.definitions.findings import Finding, in_file
from broker_crm.definitions.lint import lint_folder
from broker_crm.definitions.models import ResourceKind
from broker_crm.engine.sentences import as_data, said

LONGEST = 120
"""Seconds by the clock after which the system ends the child, whatever became of its parent."""


def main() -> None:
    memory = int(sys.argv[1])
    resource.setrlimit(resource.RLIMIT_AS, (memory, memory))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    requests, answers = sys.stdin.buffer, sys.stdout.buffer
    answers.write(b"ready\n")
    answers.flush()
    while head := requests.readline():
        asked = requests.read(int(head))
        patience, files = orjson.loads(asked)
        signal.alarm(LONGEST)
        signal.setitimer(signal.ITIMER_PROF, patience)
        answer = _answer(files)
        signal.setitimer(signal.ITIMER_PROF, 0)
        signal.alarm(0)
        answers.write(b"%d\n" % len(answer) + answer)
        answers.flush()


def _answer(listed: list[list[str]]) -> bytes:
    files = {(ResourceKind(kind), name): b64decode(content) for kind, name, content in listed}
    try:
        findings = lint_folder(arrange(files))
    except MemoryError:
        raise
    except Exception as error:
        findings = [_failed(error)]
    return orjson.dumps([_data(finding) for finding in findings])


def _failed(error: Exception) -> Finding:
    """What is said when the linter itself is at fault; the designer's other work goes on."""
    place = traceback.extract_tb(error.__traceback__)[-1]
    return in_file(
        "bpmn",
        "check-failed",
        said(
            "The check itself failed: %(error)s in %(place)s.",
            error=type(error).__name__,
            place=f"{Path(place.filename).stem}.{place.name}:{place.lineno}",
        ),
        said("Take back your last change, and send the file to whoever maintains the product."),
    )


def _data(finding: Finding) -> list[object]:
    return [
        finding.severity.value,
        finding.file,
        finding.rule,
        as_data(finding.problem),
        as_data(finding.mend),
        finding.element_id,
        finding.element_name,
        finding.line,
    ]


if __name__ == "__main__":
    main()
