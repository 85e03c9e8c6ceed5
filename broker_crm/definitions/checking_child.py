"""The child process of `checking`: reads files, answers findings, and never outstays its limits."""

from __future__ import annotations

import resource
import signal
import sys
from base64 import b64decode

import orjson

from broker_crm.definitions.bundle import arrange
from broker_crm.definitions.findings import Finding
from broker_crm.definitions.lint import lint_folder
from broker_crm.definitions.models import ResourceKind
from broker_crm.engine.sentences import as_data

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
    return orjson.dumps([_data(finding) for finding in lint_folder(arrange(files))])


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
