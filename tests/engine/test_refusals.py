"""Diagrams that could not run right are refused by name, place and mend."""

from __future__ import annotations

import pytest

from broker_crm.engine.definition import Source, compile_process
from broker_crm.engine.errors import DiagramRefused

from .diagrams import HEAD, compiled, diagram, flows, user_task

START = '<bpmn:startEvent id="s" />'
END = '<bpmn:endEvent id="e" />'
LINE = START + user_task("a") + END


def refusals(body: str, *extra: str):
    with pytest.raises(DiagramRefused) as caught:
        compiled(body, *extra)
    return {(each.element_id, each.rule) for each in caught.value.refusals}, caught.value


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        (START + '<bpmn:task id="a" />' + END + flows("s>a", "a>e"), ("a", "supported-element")),
        (
            START + '<bpmn:manualTask id="a" />' + END + flows("s>a", "a>e"),
            ("a", "supported-element"),
        ),
        (
            START + '<bpmn:complexGateway id="a" />' + END + flows("s>a", "a>e"),
            ("a", "supported-element"),
        ),
        (
            START + '<bpmn:intermediateThrowEvent id="a"><bpmn:linkEventDefinition name="x" />'
            "</bpmn:intermediateThrowEvent>" + END + flows("s>a", "a>e"),
            ("a", "supported-event"),
        ),
        (
            START + '<bpmn:intermediateThrowEvent id="a"><bpmn:compensateEventDefinition />'
            "</bpmn:intermediateThrowEvent>" + END + flows("s>a", "a>e"),
            ("a", "supported-event"),
        ),
        (
            LINE + '<bpmn:subProcess id="ev" triggeredByEvent="true">'
            '<bpmn:startEvent id="s2" /><bpmn:endEvent id="e2" />'
            + flows("s2>e2")
            + "</bpmn:subProcess>"
            + flows("s>a", "a>e"),
            ("ev", "event-subprocess"),
        ),
        (
            '<bpmn:startEvent id="Start" />' + user_task("a") + END + flows("Start>a", "a>e"),
            ("Start", "reserved-id"),
        ),
        (LINE + user_task("b") + flows("s>a", "a>e", "b>e"), ("b", "connected")),
        (LINE + user_task("b") + flows("s>a", "a>b"), ("b", "implicit-end")),
        (LINE + user_task("b") + flows("s>a", "a>e", "a>b", "b>e"), ("a", "implicit-split")),
        (
            LINE
            + '<bpmn:exclusiveGateway id="g" /><bpmn:endEvent id="x" />'
            + flows("s>a", "a>g", "g>e: =outcome = 1", "g>x"),
            ("g", "gateway-condition"),
        ),
        (
            LINE
            + '<bpmn:exclusiveGateway id="g" default="g-x" /><bpmn:endEvent id="x" />'
            + flows("s>a", "a>g", "g>e: =outcome = ", "g>x"),
            ("g-e", "feel"),
        ),
        (
            LINE
            + '<bpmn:exclusiveGateway id="g" default="g-x" /><bpmn:endEvent id="x" />'
            + flows("s>a", "a>g", "g>e: __import__('os')", "g>x"),
            ("g-e", "feel"),
        ),
        (
            START
            + '<bpmn:scriptTask id="a"><bpmn:script>import os</bpmn:script></bpmn:scriptTask>'
            + END
            + flows("s>a", "a>e"),
            ("a", "script"),
        ),
        (
            START + '<bpmn:serviceTask id="a" />' + END + flows("s>a", "a>e"),
            ("a", "job-type"),
        ),
        (
            START + '<bpmn:intermediateCatchEvent id="a"><bpmn:timerEventDefinition>'
            "<bpmn:timeDuration>P99999999999Y</bpmn:timeDuration></bpmn:timerEventDefinition>"
            "</bpmn:intermediateCatchEvent>" + END + flows("s>a", "a>e"),
            ("a", "timer"),
        ),
        (
            START + '<bpmn:intermediateCatchEvent id="a"><bpmn:timerEventDefinition>'
            "<bpmn:timeDate>tomorrow</bpmn:timeDate></bpmn:timerEventDefinition>"
            "</bpmn:intermediateCatchEvent>" + END + flows("s>a", "a>e"),
            ("a", "timer"),
        ),
        (
            START
            + '<bpmn:callActivity id="a" calledElement="nobody" />'
            + END
            + flows("s>a", "a>e"),
            ("a", "called-process"),
        ),
        (
            START + '<bpmn:businessRuleTask id="a"><bpmn:extensionElements>'
            '<zeebe:calledDecision decisionId="D9" resultVariable="x" />'
            "</bpmn:extensionElements></bpmn:businessRuleTask>" + END + flows("s>a", "a>e"),
            ("a", "decision"),
        ),
        (START + user_task("a") + user_task("a") + END + flows("s>a", "a>e"), ("a", "unique-id")),
    ],
)
def test_the_element_is_named_with_its_mend(body, expected):
    found, error = refusals(body)
    assert expected in found
    named = next(each for each in error.refusals if (each.element_id, each.rule) == expected)
    assert named.file == "demo.bpmn"
    assert named.problem and named.mend


@pytest.mark.parametrize(
    ("content", "rule"),
    [
        (b"not xml at all", "well-formed"),
        (b'<?xml version="1.0"?><!DOCTYPE a [<!ENTITY x "y">]><a>&x;</a>', "doctype"),
        (b"\xff\xfe<a/>", "encoding"),
        (b"<a>" * 70 + b"</a>" * 70, "file-size"),
        (b"<a>" + b"<b/>" * 500_001 + b"</a>", "file-size"),
        (HEAD.encode() + b"</bpmn:definitions>", "executable"),
    ],
)
def test_a_file_that_can_not_be_trusted_is_refused(content, rule):
    with pytest.raises(DiagramRefused) as caught:
        compile_process(Source("demo", {"demo.bpmn": content}))
    assert rule in {each.rule for each in caught.value.refusals}


def test_a_chain_too_long_for_the_parser_is_refused_not_crashed():
    names = [f"t{number}" for number in range(600)]
    body = START + "".join(map(user_task, names)) + END
    pairs = zip(["s", *names], [*names, "e"], strict=True)
    with pytest.raises(DiagramRefused) as caught:
        compiled(body + flows(*(f"{source}>{target}" for source, target in pairs)))
    assert {each.rule for each in caught.value.refusals} == {"chain-length"}


def test_data_objects_and_annotations_are_only_documentation():
    body = (
        LINE + '<bpmn:dataObjectReference id="d" dataObjectRef="o" /><bpmn:dataObject id="o" />'
        '<bpmn:textAnnotation id="t"><bpmn:text>note</bpmn:text></bpmn:textAnnotation>'
        + flows("s>a", "a>e")
    )
    assert "a" in compiled(body).elements


def test_the_same_bytes_give_the_same_process():
    body = LINE + flows("s>a", "a>e")
    assert diagram(body) == diagram(body)
    assert compiled(body).key == "demo"


def test_a_part_that_no_way_from_the_start_leads_to_is_refused():
    island = '<bpmn:exclusiveGateway id="g" />' + user_task("b") + flows("g>b", "b>g")
    found, _ = refusals(LINE + flows("s>a", "a>e") + island)
    assert found == {("g", "connected"), ("b", "connected")}
