"""Rules of good drawing: each is found where it is broken, and nothing where it is not."""

from __future__ import annotations

import pytest

from broker_crm.definitions.bundle import arrange
from broker_crm.definitions.lint import lint_folder
from broker_crm.definitions.models import ResourceKind
from tests.definitions.drawn import DIAGRAM, small, small_files
from tests.engine.diagrams import diagram, flows

START = '<bpmn:startEvent id="s" name="S" />'
END = '<bpmn:endEvent id="e" name="E" />'


def gateway(identifier: str, kind: str = "parallelGateway", **more: str) -> str:
    attributes = "".join(f' {name}="{value}"' for name, value in more.items())
    return f'<bpmn:{kind} id="{identifier}"{attributes} />'


def task(identifier: str, name: str = "Darbas") -> str:
    return (
        f'<bpmn:serviceTask id="{identifier}" name="{name}"><bpmn:extensionElements>'
        '<zeebe:taskDefinition type="record-outcome" />'
        "</bpmn:extensionElements></bpmn:serviceTask>"
    )


def found(content: bytes) -> set[tuple[str | None, str]]:
    findings = lint_folder(arrange({(ResourceKind.DIAGRAM, "x.bpmn"): content}))
    return {(each.element_id, each.rule) for each in findings} - {(None, "no-bpmndi")}


def test_a_joined_split_is_clean() -> None:
    body = START + gateway("p") + task("a") + task("b") + gateway("j") + END
    assert found(diagram(body + flows("s>p", "p>a", "p>b", "a>j", "b>j", "j>e"))) == set()


def test_exclusive_paths_may_meet_at_a_step() -> None:
    body = START + gateway("x", "exclusiveGateway", name="Ar?", default="x-b")
    body += task("a") + task("b") + task("c") + END
    assert found(diagram(body + flows("s>x", "x>a: =1 = 1", "x>b", "a>c", "b>c", "c>e"))) == set()


@pytest.mark.parametrize(
    ("body", "connections", "expected"),
    [
        (
            gateway("p") + task("a") + task("b") + task("c"),
            ["s>p", "p>a", "p>b", "a>c", "b>c", "c>e"],
            ("c", "fake-join"),
        ),
        (gateway("p") + task("a"), ["s>p", "p>a", "a>e"], ("p", "superfluous-gateway")),
        (
            gateway("p") + task("a") + task("b") + gateway("q") + task("c") + gateway("j"),
            ["s>p", "p>a", "p>b", "a>q", "b>q", "q>c", "q>j", "c>j", "j>e"],
            ("q", "no-gateway-join-fork"),
        ),
        (task("a", ""), ["s>a", "a>e"], ("a", "label-required")),
        (
            gateway("x", "exclusiveGateway", default="x-e") + task("a"),
            ["s>x", "x>a: =1 = 1", "x>e", "a>e"],
            ("x", "label-required"),
        ),
        (task("a"), ["s>a", "a>e", "a>s"], ("s", "start-event")),
        (task("a") + task("b"), ["s>a", "a>e", "e>b", "b>e"], ("e", "end-event")),
        (
            gateway("x", "exclusiveGateway", name="Ar?", default="gone") + task("a"),
            ["s>x", "x>a: =1 = 1", "x>e: =1 = 2", "a>e"],
            ("x", "default-flow"),
        ),
        (
            '<bpmn:subProcess id="u" name="Dalis">'
            '<bpmn:startEvent id="s2" name="S"><bpmn:timerEventDefinition>'
            "<bpmn:timeDuration>P1D</bpmn:timeDuration></bpmn:timerEventDefinition>"
            '</bpmn:startEvent><bpmn:endEvent id="e2" name="E" />'
            + flows("s2>e2")
            + "</bpmn:subProcess>",
            ["s>u", "u>e"],
            ("s2", "sub-process-blank-start-event"),
        ),
        (
            '<bpmn:subProcess id="u" name="Dalis">' + task("a") + "</bpmn:subProcess>",
            ["s>u", "u>e"],
            ("u", "start-event-required"),
        ),
        (
            '<bpmn:adHocSubProcess id="u" name="Dalis" />',
            ["s>u", "u>e"],
            ("u", "supported-element"),
        ),
    ],
)
def test_a_broken_rule_is_found_on_its_element(
    body: str, connections: list[str], expected: tuple[str, str]
) -> None:
    assert expected in found(diagram(START + body + END + flows(*connections)))


def test_two_flows_between_the_same_two_are_found() -> None:
    double = flows("a>e").replace('id="a-e"', 'id="again"')
    body = START + task("a") + END + flows("s>a", "a>e") + double
    assert ("again", "no-duplicate-sequence-flows") in found(diagram(body))


def test_what_is_not_drawn_is_found() -> None:
    hidden = small().replace(b'bpmnElement="ask"', b'bpmnElement="other"')
    findings = lint_folder(arrange({**small_files(), DIAGRAM: hidden}))
    assert [(each.element_id, each.rule) for each in findings] == [("ask", "no-bpmndi")]


@pytest.mark.parametrize(
    ("body", "connections", "expected"),
    [
        ('<bpmn:task id="t" name="T" />', ["s>t", "t>e"], {("t", "supported-element")}),
        (
            '<bpmn:adHocSubProcess id="u" name="Dalis">' + task("a") + "</bpmn:adHocSubProcess>",
            ["s>u", "u>e"],
            {("u", "supported-element")},
        ),
        (
            '<bpmn:subProcess id="u" name="Dalis" triggeredByEvent="true">'
            '<bpmn:startEvent id="s2" name="S"><bpmn:messageEventDefinition /></bpmn:startEvent>'
            '<bpmn:endEvent id="e2" name="E" />' + flows("s2>e2") + "</bpmn:subProcess>",
            ["s>e"],
            {("u", "event-subprocess")},
        ),
        (
            task("a").replace(" id=", ' isForCompensation="true" id='),
            ["s>e"],
            {("a", "supported-element")},
        ),
    ],
)
def test_what_can_not_run_is_named_once_and_its_neighbours_are_not_blamed(
    body: str, connections: list[str], expected: set[tuple[str, str]]
) -> None:
    assert found(diagram(START + body + END + flows(*connections))) == expected


def test_of_a_part_that_was_cut_off_only_its_beginning_is_named() -> None:
    content = diagram(START + task("a") + task("b") + task("c") + END + flows("s>e", "a>b", "b>c"))
    assert [place for place, rule in sorted(found(content)) if rule == "connected"] == ["a"]


def test_without_a_start_only_the_start_is_missing() -> None:
    content = diagram(task("a") + task("b") + END + flows("a>b", "b>e", "b>a").replace("b-a", "ba"))
    assert ("b", "connected") not in found(content)
    assert ("demo", "one-start-event") in found(content)
