"""A designer at the diagram editor: draws a new call, writes into the properties panel."""

from __future__ import annotations

from playwright.sync_api import Locator, Page

RENEWAL = "/design/files/bpmn/renewal.bpmn"
DRAW_A_CALL = """([flow, name, aside = 0, below = 150]) => {
  const { modeler } = window.design;
  const modeling = modeler.get("modeling"), templates = modeler.get("elementTemplates");
  const edge = modeler.get("elementRegistry").get(flow);
  const [source, target] = [edge.source, edge.target];
  const place = { x: source.x + source.width / 2 + aside, y: source.y + source.height + below };
  const task = modeling.createShape({ type: "bpmn:UserTask" }, place, source.parent);
  modeling.reconnectEnd(edge, task, { x: task.x, y: task.y + 40 });
  modeling.connect(task, target);
  const made = templates.applyTemplate(
    task, templates.getLatest().find((each) => each.id === "broker-crm.call"),
  ) || modeler.get("elementRegistry").get(task.id) || task;
  modeling.updateProperties(made, { name });
  const timer = modeler.get("elementFactory").createShape({
    type: "bpmn:BoundaryEvent", eventDefinitionType: "bpmn:TimerEventDefinition",
  });
  const edge_of = { x: made.x + 25, y: made.y + made.height };
  const boundary = modeling.createShape(timer, edge_of, made, { attach: true });
  modeling.updateProperties(boundary, { cancelActivity: false, name: "±1 d. d." });
  const [definition] = boundary.businessObject.eventDefinitions;
  const cycle = modeler.get("bpmnFactory").create("bpmn:FormalExpression", {
    body: "=[before due(1), at due()]",
  });
  cycle.$parent = definition;
  modeling.updateModdleProperties(boundary, definition, { timeCycle: cycle });
  const end = modeling.appendShape(
    boundary, { type: "bpmn:EndEvent" }, { x: made.x + 25, y: made.y + made.height + 70 },
  );
  const reminder = templates.applyTemplate(
    end, templates.getLatest().find((each) => each.id === "broker-crm.reminder"),
  ) || modeler.get("elementRegistry").get(end.id) || end;
  modeling.updateProperties(reminder, { name: "Priminti" });
  modeler.get("canvas").scrollToElement(made, 200);
  modeler.get("selection").select(made);
  return made.id;
}"""
"""Draws a call between the source of a flow and its target; gives the id of its element."""


def group(page: Page, name: str) -> Locator:
    """A group of the properties panel, unfolded."""
    found = (
        page.locator(".bio-properties-panel-group")
        .filter(has=page.locator(".bio-properties-panel-group-header-title", has_text=name))
        .first
    )
    header = found.locator(".bio-properties-panel-group-header")
    if "open" not in (header.get_attribute("class") or "").split():
        header.click()
    return found


def write(page: Page, name: str, label: str, value: str) -> None:
    box = group(page, name).get_by_label(label, exact=True)
    box.fill(value)
    box.blur()
