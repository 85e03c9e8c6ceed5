"""A drawn process of any number of elements, for measuring editors and checks."""

from __future__ import annotations

from dataclasses import dataclass, field

KEY = "long-process"
FILE = f"{KEY}.bpmn"
IN_A_ROW = 6
"""Decisions in a row of the drawing."""
WIDTH, HEIGHT = 480, 260
HEAD = (
    '<?xml version="1.0" encoding="UTF-8"?>\n'
    '<bpmn:definitions xmlns:bpmn="http://www.omg.org/spec/BPMN/20100524/MODEL"'
    ' xmlns:bpmndi="http://www.omg.org/spec/BPMN/20100524/DI"'
    ' xmlns:dc="http://www.omg.org/spec/DD/20100524/DC"'
    ' xmlns:di="http://www.omg.org/spec/DD/20100524/DI"'
    ' xmlns:zeebe="http://camunda.org/schema/zeebe/1.0"'
    ' xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"'
    ' id="Definitions_Long" targetNamespace="http://bpmn.io/schema/bpmn">\n'
    f'<bpmn:process id="{KEY}" name="Ilgas procesas" isExecutable="true">\n'
)


@dataclass
class _Drawing:
    nodes: list[str] = field(default_factory=list)
    shapes: list[str] = field(default_factory=list)
    places: dict[str, tuple[int, int]] = field(default_factory=dict)

    def put(self, identifier: str, xml: str, middle: tuple[int, int], size: tuple[int, int]) -> str:
        x, y = middle
        width, height = size
        self.nodes.append(xml)
        self.places[identifier] = middle
        self.shapes.append(
            f'<bpmndi:BPMNShape id="{identifier}_di" bpmnElement="{identifier}">'
            f'<dc:Bounds x="{x - width // 2}" y="{y - height // 2}" width="{width}"'
            f' height="{height}" /></bpmndi:BPMNShape>'
        )
        return identifier

    def task(self, identifier: str, middle: tuple[int, int]) -> str:
        xml = (
            f'<bpmn:userTask id="{identifier}" name="Žingsnis {identifier}">'
            "<bpmn:extensionElements><zeebe:userTask />"
            '<zeebe:formDefinition formId="renewal-call" />'
            '<zeebe:assignmentDefinition candidateGroups="salesperson" /><zeebe:properties>'
            '<zeebe:property name="standardWorkingDays" value="2" /></zeebe:properties>'
            "</bpmn:extensionElements></bpmn:userTask>"
        )
        return self.put(identifier, xml, middle, (100, 80))

    def flow(self, source: str, target: str, condition: str = "") -> None:
        identifier = f"{source}-{target}"
        inside = (
            '<bpmn:conditionExpression xsi:type="bpmn:tFormalExpression">'
            f"{condition}</bpmn:conditionExpression>"
        )
        self.nodes.append(
            f'<bpmn:sequenceFlow id="{identifier}" sourceRef="{source}" targetRef="{target}">'
            f"{inside if condition else ''}</bpmn:sequenceFlow>"
        )
        ends = "".join(
            f'<di:waypoint x="{x}" y="{y}" />'
            for x, y in (self.places[source], self.places[target])
        )
        self.shapes.append(
            f'<bpmndi:BPMNEdge id="{identifier}_di" bpmnElement="{identifier}">{ends}'
            "</bpmndi:BPMNEdge>"
        )


def long_diagram(elements: int) -> bytes:
    """A start, decisions with two ways that meet at a step, and an end.

    Args:
        elements: events, gateways and tasks together; 2 and more.
    """
    drawing = _Drawing()
    event = (36, 36)
    before = drawing.put("s", '<bpmn:startEvent id="s" name="Pradžia" />', (100, 160), event)
    decisions, rest = divmod(elements - 2, 4)
    for number in range(decisions):
        x = 220 + number % IN_A_ROW * WIDTH
        y = 160 + number // IN_A_ROW * HEIGHT
        one, other, both = f"a{number}", f"b{number}", f"c{number}"
        gateway = drawing.put(
            f"g{number}",
            f'<bpmn:exclusiveGateway id="g{number}" name="Ką atsakė?"'
            f' default="g{number}-{other}" />',
            (x, y),
            (50, 50),
        )
        drawing.task(one, (x + 130, y))
        drawing.task(other, (x + 130, y + 110))
        drawing.task(both, (x + 280, y))
        drawing.flow(before, gateway)
        drawing.flow(gateway, one, '=renewalCallOutcome = "accepts"')
        drawing.flow(gateway, other)
        drawing.flow(one, both)
        drawing.flow(other, both)
        before = both
    y = 160 + (decisions // IN_A_ROW + 1) * HEIGHT
    for number in range(rest):
        drawing.flow(before, drawing.task(f"d{number}", (220 + number * 160, y)))
        before = f"d{number}"
    end = drawing.put("e", '<bpmn:endEvent id="e" name="Pabaiga" />', (820, y), event)
    drawing.flow(before, end)
    text = (
        f"{HEAD}{''.join(drawing.nodes)}\n</bpmn:process>\n"
        f'<bpmndi:BPMNDiagram id="Diagram_Long"><bpmndi:BPMNPlane id="Plane_Long"'
        f' bpmnElement="{KEY}">{"".join(drawing.shapes)}</bpmndi:BPMNPlane></bpmndi:BPMNDiagram>'
        "</bpmn:definitions>\n"
    )
    return text.encode()
