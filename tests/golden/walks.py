"""Walks through two processes, step by step, so that each state on the way can be kept."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

from broker_crm import clock
from broker_crm.calendar import WorkingCalendar
from broker_crm.engine import commands
from broker_crm.engine.definition import CompiledProcess, Source, compile_process
from broker_crm.engine.run import Surroundings
from broker_crm.engine.transition import Job
from tests.engine.diagrams import diagram, flows, properties, user_task
from tests.processes.sale import START

ROOT = Path(__file__).parents[2]
BEGAN = datetime(2026, 3, 2, 8, tzinfo=UTC)
INSTANCE = UUID("00000000-0000-4000-8000-00000000c0de")
STANDARD = properties(standardWorkingDays="1")
CONSTRUCTS = (
    '<bpmn:startEvent id="begin" /><bpmn:parallelGateway id="fork" />'
    + user_task("call", extensions=STANDARD)
    + '<bpmn:boundaryEvent id="soon" attachedToRef="call" cancelActivity="false">'
    "<bpmn:timerEventDefinition><bpmn:timeCycle>=[before due(1), at due(), after due(1)]"
    '</bpmn:timeCycle></bpmn:timerEventDefinition></bpmn:boundaryEvent><bpmn:endEvent id="told" />'
    '<bpmn:boundaryEvent id="gone" attachedToRef="call">'
    '<bpmn:messageEventDefinition messageRef="leaves" /></bpmn:boundaryEvent>'
    '<bpmn:subProcess id="within"><bpmn:startEvent id="inBegin" />'
    + user_task("inside", extensions=STANDARD)
    + '<bpmn:endEvent id="inEnd" />'
    + flows("inBegin>inside", "inside>inEnd")
    + "</bpmn:subProcess>"
    + user_task(
        "each",
        extensions=STANDARD,
        inside="<bpmn:multiInstanceLoopCharacteristics><bpmn:extensionElements>"
        '<zeebe:loopCharacteristics inputCollection="=insurers" inputElement="insurer" />'
        "</bpmn:extensionElements></bpmn:multiInstanceLoopCharacteristics>",
    )
    + '<bpmn:exclusiveGateway id="met" /><bpmn:parallelGateway id="join" />'
    '<bpmn:inclusiveGateway id="either" default="either-b" />'
    + user_task("a", extensions=STANDARD)
    + user_task("b", extensions=STANDARD)
    + '<bpmn:inclusiveGateway id="both" /><bpmn:eventBasedGateway id="first" />'
    '<bpmn:intermediateCatchEvent id="later"><bpmn:timerEventDefinition>'
    "<bpmn:timeDuration>P3D</bpmn:timeDuration></bpmn:timerEventDefinition>"
    "</bpmn:intermediateCatchEvent>"
    '<bpmn:intermediateCatchEvent id="answer">'
    '<bpmn:messageEventDefinition messageRef="answers" /></bpmn:intermediateCatchEvent>'
    '<bpmn:exclusiveGateway id="again" default="again-end" /><bpmn:endEvent id="end" />'
    + flows("begin>fork", "fork>call", "fork>within", "fork>each", "soon>told", "gone>met")
    + flows("call>met", "met>join", "within>join", "each>join", "join>either", "either>b")
    + flows('either>a: =outcome = "more"', "a>both", "b>both", "both>first", "first>later")
    + flows("first>answer", "answer>again", "later>again", 'again>either: =outcome = "more"')
    + flows("again>end")
)
MESSAGES = "".join(
    f'<bpmn:message id="{name}" name="{name}"><bpmn:extensionElements>'
    f'<zeebe:subscription correlationKey="=number" /></bpmn:extensionElements></bpmn:message>'
    for name in ("leaves", "answers")
)


@dataclass(frozen=True)
class Step:
    """One act: complete a task, let a timer fire, deliver a message.

    Attributes:
        act: 'complete', 'fire' or 'deliver'.
        element: id of the task or event.
        values: variables of the completion or of the message.
    """

    act: str
    element: str
    values: Mapping[str, Any]


def done(element: str, **values: Any) -> Step:
    return Step("complete", element, values)


WALKS: dict[str, tuple[Mapping[str, Any], list[Step]]] = {
    "constructs": (
        {"insurers": ["A", "B"], "number": "7", "outcome": "more"},
        [
            Step("fire", "soon", {}),
            done("each"),
            Step("fire", "soon", {}),
            done("inside"),
            done("each"),
            done("call", outcome="more"),
            done("a"),
            Step("deliver", "answer", {"outcome": "more"}),
            done("a", outcome="enough"),
            Step("fire", "later", {}),
        ],
    ),
    "new-client-sale": (
        START,
        [
            done(
                "Task_IntroLetter",
                introLetterOutcome="send",
                letterLanguage="lt",
                recipientEmail="info@bandymas.example",
            ),
            done("Task_FirstCall", firstCallOutcome="interested"),
            done("Task_PlanMeeting", meetingAt="2026-03-10T10:00"),
            done(
                "Task_Meeting",
                meetingOutcome="interested-further",
                sumInsured=250000,
                covers=["fire"],
                discountAsked=5,
                deductible=500,
            ),
            done("Task_NeedsRecord", sumInsured=250000, covers=["fire"]),
        ],
    ),
}


class Walker:
    """An instance that is led along a walk.

    Args:
        process: the compiled version.
        state: stored before; None to start anew.
        began: the clock.
        tasks: open tasks of the stored state, element by id.
    """

    def __init__(
        self,
        process: CompiledProcess,
        state: bytes | None,
        began: datetime,
        tasks: Mapping[str, str] | None = None,
    ) -> None:
        self.process = process
        self.clock = clock.SimulatedClock(began)
        self.around = Surroundings(WorkingCalendar(), _no_job, INSTANCE)
        self.state = state or b""
        self.tasks = {UUID(key): element for key, element in (tasks or {}).items()}

    def start(self, variables: Mapping[str, Any]) -> None:
        with clock.use(self.clock):
            self.state, begun = commands.start(self.process, dict(variables), self.around)
        self.tasks.update({task.id: task.element_id for task in begun.created})

    def take(self, step: Step) -> bool:
        """One step; true when the instance has ended."""
        self.clock.advance(timedelta(minutes=10))
        seen = self.standing()
        if step.act == "fire":
            due, identifier = min(
                (timer.due_at, timer.id)
                for timer in seen.timers.values()
                if timer.element_id == step.element
            )
            self.clock.set(max(due, self.clock.now()))
            command: Any = commands.fire_timer
            arguments: tuple[Any, ...] = (identifier,)
        elif step.act == "deliver":
            identifier = next(
                key for key, each in seen.subscriptions.items() if each.element_id == step.element
            )
            command, arguments = commands.deliver, (identifier, step.values)
        else:
            identifier = next(
                key for key in sorted(seen.open_tasks) if self.tasks[key] == step.element
            )
            command, arguments = commands.complete, (identifier, step.values)
        with clock.use(self.clock):
            self.state, transition = command(self.process, self.state, *arguments, self.around)
        self.tasks.update({task.id: task.element_id for task in transition.created})
        return bool(transition.finished)

    def standing(self) -> Any:
        with clock.use(self.clock):
            return commands.inspect(self.process, self.state, self.around)

    def told(self) -> dict[str, Any]:
        """What the instance waits for and knows, in a form that can be compared and stored."""
        seen = self.standing()
        return {
            "open": {str(key): self.tasks[key] for key in sorted(seen.open_tasks)},
            "timers": sorted(
                [timer.element_id, timer.due_at.isoformat()] for timer in seen.timers.values()
            ),
            "subscriptions": sorted(each.element_id for each in seen.subscriptions.values()),
            "variables": seen.variables,
        }


def files_of(process: str) -> tuple[dict[str, bytes], dict[str, bytes]]:
    """Diagrams and decision tables of a process, as they are now."""
    if process == "constructs":
        return {"constructs.bpmn": diagram(CONSTRUCTS, MESSAGES, process=process)}, {}
    sale = ROOT / "bpmn" / "new_client_sale.bpmn"
    tables = {path.name: path.read_bytes() for path in (ROOT / "bpmn").glob("*.dmn")}
    return {sale.name: sale.read_bytes()}, tables


def compiled(
    process: str, diagrams: Mapping[str, bytes], tables: Mapping[str, bytes]
) -> CompiledProcess:
    return compile_process(Source(process, dict(diagrams), dict(tables)))


def states(process: str) -> Iterator[tuple[int, datetime, bytes, dict[str, Any]]]:
    """Each state on the walk: steps taken, the clock, the state, what it waits for."""
    variables, steps = WALKS[process]
    walker = Walker(compiled(process, *files_of(process)), None, BEGAN)
    walker.start(variables)
    for taken, step in enumerate(steps):
        yield taken, walker.clock.now(), walker.state, walker.told()
        walker.take(step)


def _no_job(_job: Job) -> Mapping[str, object]:
    return {}
