"""What a new file begins with: enough to be opened and understood."""

from __future__ import annotations

import json
import re
import unicodedata
from xml.sax.saxutils import quoteattr

from broker_crm.definitions.models import ResourceKind
from broker_crm.definitions.places import FileKey
from broker_crm.definitions.workspace.errors import NameUnacceptable, NoSuchFile

DIAGRAM = """<?xml version="1.0" encoding="UTF-8"?>
<bpmn:definitions xmlns:bpmn="http://www.omg.org/spec/BPMN/20100524/MODEL"\
 xmlns:bpmndi="http://www.omg.org/spec/BPMN/20100524/DI"\
 xmlns:dc="http://www.omg.org/spec/DD/20100524/DC" xmlns:di="http://www.omg.org/spec/DD/20100524/DI"\
 xmlns:modeler="http://camunda.org/schema/modeler/1.0"\
 xmlns:zeebe="http://camunda.org/schema/zeebe/1.0" id="Definitions_{key}"\
 targetNamespace="http://bpmn.io/schema/bpmn" modeler:executionPlatform="Camunda Cloud"\
 modeler:executionPlatformVersion="8.6.0">
  <bpmn:process id={id} name={name} isExecutable="true">
    <bpmn:startEvent id="Start_{key}" name="Pradžia">
      <bpmn:outgoing>Flow_1</bpmn:outgoing>
    </bpmn:startEvent>
    <bpmn:sequenceFlow id="Flow_1" sourceRef="Start_{key}" targetRef="End_{key}" />
    <bpmn:endEvent id="End_{key}" name="Pabaiga">
      <bpmn:incoming>Flow_1</bpmn:incoming>
    </bpmn:endEvent>
  </bpmn:process>
  <bpmndi:BPMNDiagram id="BPMNDiagram_1">
    <bpmndi:BPMNPlane id="BPMNPlane_1" bpmnElement={id}>
      <bpmndi:BPMNShape id="Start_{key}_di" bpmnElement="Start_{key}">
        <dc:Bounds x="180" y="160" width="36" height="36" />
        <bpmndi:BPMNLabel>
          <dc:Bounds x="178" y="203" width="40" height="14" />
        </bpmndi:BPMNLabel>
      </bpmndi:BPMNShape>
      <bpmndi:BPMNShape id="End_{key}_di" bpmnElement="End_{key}">
        <dc:Bounds x="432" y="160" width="36" height="36" />
        <bpmndi:BPMNLabel>
          <dc:Bounds x="428" y="203" width="44" height="14" />
        </bpmndi:BPMNLabel>
      </bpmndi:BPMNShape>
      <bpmndi:BPMNEdge id="Flow_1_di" bpmnElement="Flow_1">
        <di:waypoint x="216" y="178" />
        <di:waypoint x="432" y="178" />
      </bpmndi:BPMNEdge>
    </bpmndi:BPMNPlane>
  </bpmndi:BPMNDiagram>
</bpmn:definitions>
"""
DECISION = """<?xml version="1.0" encoding="UTF-8"?>
<definitions xmlns="https://www.omg.org/spec/DMN/20191111/MODEL/"\
 xmlns:dmndi="https://www.omg.org/spec/DMN/20191111/DMNDI/"\
 xmlns:dc="http://www.omg.org/spec/DMN/20180521/DC/" id="Definitions_{key}" name={name}\
 namespace="http://camunda.org/schema/1.0/dmn">
  <decision id={id} name={name}>
    <decisionTable id="Table_{key}" hitPolicy="UNIQUE">
      <input id="Input_1" label="Kliento rūšis">
        <inputExpression id="InputExpression_1" typeRef="string">
          <text>clientKind</text>
        </inputExpression>
      </input>
      <output id="Output_1" label="Rezultatas" name="result" typeRef="string" />
      <rule id="Rule_1">
        <inputEntry id="Cell_1">
          <text>"legal"</text>
        </inputEntry>
        <outputEntry id="Cell_2">
          <text>"yes"</text>
        </outputEntry>
      </rule>
    </decisionTable>
  </decision>
  <dmndi:DMNDI>
    <dmndi:DMNDiagram>
      <dmndi:DMNShape dmnElementRef={id}>
        <dc:Bounds height="80" width="180" x="160" y="100" />
      </dmndi:DMNShape>
    </dmndi:DMNDiagram>
  </dmndi:DMNDI>
</definitions>
"""


def started(kind: ResourceKind, title: str, language: str) -> tuple[FileKey, bytes]:
    """Kind and name of a new file, and its content.

    Args:
        kind: documents are written in Word and can't be begun here.
        title: what people call it.
        language: of a text, 'lt' or 'en'.

    Raises:
        NameUnacceptable: nothing of the title can be a name.
        NoSuchFile: this kind can't be begun.
    """
    key = slug(title)
    if not key:
        raise NameUnacceptable(title)
    named = {"key": key.replace("-", "_"), "id": quoteattr(key), "name": quoteattr(title)}
    if kind is ResourceKind.DIAGRAM:
        return (kind, f"{key.replace('-', '_')}.bpmn"), DIAGRAM.format(**named).encode()
    if kind is ResourceKind.DECISION:
        identifier = "".join(part.capitalize() for part in key.split("-"))
        named["id"] = quoteattr(identifier)
        return (kind, f"{key.replace('-', '_')}.dmn"), DECISION.format(**named).encode()
    if kind is ResourceKind.FORM:
        return (kind, key), _form(key, title)
    if kind is ResourceKind.LETTER:
        return (kind, f"{key}.{language}"), f"Subject: {title}\n\n{{{{greeting}}}},\n\n".encode()
    if kind is ResourceKind.SCRIPT:
        return (kind, f"{key}.{language}"), f"## {title}\n\n- \n".encode()
    raise NoSuchFile(title)


def slug(title: str) -> str:
    """A title as a name: `Sutarties atnaujinimas` becomes `sutarties-atnaujinimas`."""
    plain = unicodedata.normalize("NFKD", title).encode("ascii", "ignore").decode()
    found = re.sub(r"[^a-z0-9]+", "-", plain.lower()).strip("-")[:60]
    return found if found[:1].isalpha() else (f"x-{found}" if found else "")


def _form(key: str, title: str) -> bytes:
    schema = {
        "components": [
            {"type": "text", "id": "Text_1", "text": f"## {title}"},
            {"type": "textarea", "id": "Field_note", "key": "note", "label": "Pastaba"},
        ],
        "type": "default",
        "id": key,
        "schemaVersion": 19,
    }
    return (json.dumps(schema, ensure_ascii=False, indent=2) + "\n").encode()
