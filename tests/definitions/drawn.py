"""A small process that the linter has nothing to say of, for tests that change it."""

from __future__ import annotations

from pathlib import Path

from broker_crm.definitions.models import ResourceKind
from broker_crm.definitions.places import FileKey

DIAGRAM: FileKey = (ResourceKind.DIAGRAM, "small.bpmn")
FORM: FileKey = (ResourceKind.FORM, "ask")
LETTER: FileKey = (ResourceKind.LETTER, "hello.lt")


def small(key: str = "small", name: str = "Mažas", task: str = "Paklausti") -> bytes:
    """Start, one user task with a form, a letter, end; drawn."""
    shapes = {"s": (100, 36, 36), "ask": (200, 100, 80), "send": (360, 100, 80), "e": (520, 36, 36)}
    drawn = "".join(
        f'<bpmndi:BPMNShape id="{each}_di" bpmnElement="{each}">'
        f'<dc:Bounds x="{x}" y="100" width="{width}" height="{height}" /></bpmndi:BPMNShape>'
        for each, (x, width, height) in shapes.items()
    )
    edges = "".join(
        f'<bpmndi:BPMNEdge id="{each}_di" bpmnElement="{each}"><di:waypoint x="{x}" y="118" />'
        f'<di:waypoint x="{x + 60}" y="118" /></bpmndi:BPMNEdge>'
        for each, x in (("f1", 136), ("f2", 300), ("f3", 460))
    )
    return f"""<?xml version="1.0" encoding="UTF-8"?>
<bpmn:definitions xmlns:bpmn="http://www.omg.org/spec/BPMN/20100524/MODEL" \
xmlns:bpmndi="http://www.omg.org/spec/BPMN/20100524/DI" \
xmlns:dc="http://www.omg.org/spec/DD/20100524/DC" \
xmlns:di="http://www.omg.org/spec/DD/20100524/DI" \
xmlns:zeebe="http://camunda.org/schema/zeebe/1.0" id="D" targetNamespace="http://x">
<bpmn:process id="{key}" name="{name}" isExecutable="true">
<bpmn:startEvent id="s" name="Pradžia"><bpmn:outgoing>f1</bpmn:outgoing></bpmn:startEvent>
<bpmn:userTask id="ask" name="{task}"><bpmn:extensionElements><zeebe:userTask />
<zeebe:formDefinition formId="ask" />
<zeebe:assignmentDefinition candidateGroups="salesperson" />
<zeebe:properties><zeebe:property name="standardWorkingDays" value="2" /></zeebe:properties>
</bpmn:extensionElements><bpmn:incoming>f1</bpmn:incoming>
<bpmn:outgoing>f2</bpmn:outgoing></bpmn:userTask>
<bpmn:sendTask id="send" name="Parašyti"><bpmn:extensionElements>
<zeebe:taskDefinition type="send-letter" />
<zeebe:taskHeaders><zeebe:header key="letter" value="hello" /></zeebe:taskHeaders>
</bpmn:extensionElements><bpmn:incoming>f2</bpmn:incoming>
<bpmn:outgoing>f3</bpmn:outgoing></bpmn:sendTask>
<bpmn:endEvent id="e" name="Pabaiga"><bpmn:incoming>f3</bpmn:incoming></bpmn:endEvent>
<bpmn:sequenceFlow id="f1" sourceRef="s" targetRef="ask" />
<bpmn:sequenceFlow id="f2" sourceRef="ask" targetRef="send" />
<bpmn:sequenceFlow id="f3" sourceRef="send" targetRef="e" />
</bpmn:process>
<bpmndi:BPMNDiagram id="P"><bpmndi:BPMNPlane id="Pl" bpmnElement="{key}">{drawn}{edges}\
</bpmndi:BPMNPlane></bpmndi:BPMNDiagram></bpmn:definitions>
""".encode()


FORM_FILE = (
    b'{"type": "default", "id": "ask", "schemaVersion": 19, "components": '
    b'[{"type": "textfield", "id": "F", "key": "answer", "label": "Atsakymas"}]}'
)
LETTER_FILE = b"Subject: Labas\n\n{{greeting}}\n"


def small_files() -> dict[FileKey, bytes]:
    """The process with all that it refers to."""
    return {
        DIAGRAM: small(),
        FORM: FORM_FILE,
        LETTER: LETTER_FILE,
        (ResourceKind.LETTER, "hello.en"): LETTER_FILE,
    }


def laid_out(folder: Path) -> Path:
    """The same as a folder."""
    from broker_crm.definitions.workspace.transfer import check_out

    check_out(small_files(), folder)
    return folder
