"""Small diagrams written as text, for tests of the engine."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date

from broker_crm.calendar import WorkingCalendar
from broker_crm.engine.commands import Surroundings
from broker_crm.engine.definition import CompiledProcess, Source, compile_process
from broker_crm.engine.transition import Job

HEAD = (
    '<?xml version="1.0" encoding="UTF-8"?>'
    '<bpmn:definitions xmlns:bpmn="http://www.omg.org/spec/BPMN/20100524/MODEL"'
    ' xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"'
    ' xmlns:zeebe="http://camunda.org/schema/zeebe/1.0"'
    ' id="Definitions_1" targetNamespace="http://bpmn.io/schema/bpmn">'
)


def calendar() -> WorkingCalendar:
    """Monday to Friday, one closed day: 24 December 2026."""
    return WorkingCalendar(closed=frozenset({date(2026, 12, 24)}))


def diagram(body: str, *extra: str, process: str = "demo") -> bytes:
    """A whole file around the inside of one process.

    Args:
        body: elements and flows of the process; `flows` makes the latter short.
        extra: messages, errors and further processes.
    """
    text = (
        f'{HEAD}{"".join(extra)}<bpmn:process id="{process}" name="Demo" isExecutable="true">'
        f"{body}</bpmn:process></bpmn:definitions>"
    )
    return text.encode()


def flows(*pairs: str) -> str:
    """Flows written as 'a>b' or 'a>b: =condition'; ids are 'a-b'."""
    written = []
    for pair in pairs:
        ends, _, condition = pair.partition(": ")
        source, target = ends.split(">")
        inside = (
            '<bpmn:conditionExpression xsi:type="bpmn:tFormalExpression">'
            f"{condition.replace('<', '&lt;')}</bpmn:conditionExpression>"
            if condition
            else ""
        )
        written.append(
            f'<bpmn:sequenceFlow id="{source}-{target}" sourceRef="{source}"'
            f' targetRef="{target}">{inside}</bpmn:sequenceFlow>'
        )
    return "".join(written)


def user_task(identifier: str, *, extensions: str = "", inside: str = "") -> str:
    return (
        f'<bpmn:userTask id="{identifier}" name="{identifier}"><bpmn:extensionElements>'
        f"<zeebe:userTask />{extensions}</bpmn:extensionElements>{inside}</bpmn:userTask>"
    )


def properties(**values: str) -> str:
    return (
        "<zeebe:properties>"
        + "".join(
            f'<zeebe:property name="{name}" value="{value}" />' for name, value in values.items()
        )
        + "</zeebe:properties>"
    )


def compiled(
    body: str,
    *extra: str,
    decisions: Mapping[str, bytes] | None = None,
    others: Mapping[str, bytes] | None = None,
) -> CompiledProcess:
    files = {"demo.bpmn": diagram(body, *extra), **(others or {})}
    return compile_process(Source("demo", files, decisions or {}))


class Jobs:
    """Answers jobs with what the test prepared and remembers them."""

    def __init__(self, **results: object) -> None:
        self.results = results
        self.ran: list[Job] = []

    def __call__(self, job: Job) -> Mapping[str, object]:
        self.ran.append(job)
        result = self.results.get(job.type, {})
        if isinstance(result, Exception):
            raise result
        assert isinstance(result, dict)
        return result


def around(jobs: Jobs | None = None) -> Surroundings:
    return Surroundings(calendar(), jobs or Jobs())
