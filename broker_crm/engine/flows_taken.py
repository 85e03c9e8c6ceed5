"""Which flows a token took out of a gateway."""

from __future__ import annotations

from collections.abc import Mapping

from SpiffWorkflow.task import Task

from broker_crm.engine.dialect import Element, SequenceFlow


def flows_taken(
    flows: Mapping[str, SequenceFlow], task: Task, element: Element
) -> dict[str, list[str]] | None:
    """Ids of the flows by which a passed gateway was left; None for any other element."""
    if not element.type.endswith("Gateway"):
        return None
    targets = [
        child.task_spec.name.removesuffix(".BoundaryEventSplit").removesuffix(" [child]")
        for child in task.children
    ]
    found = [
        flow for flow in flows.values() if flow.source == element.id and flow.target in targets
    ]
    if element.type == "exclusiveGateway" and len(found) > 1:
        condition = task.internal_data.get("condition")
        found = [
            flow
            for flow in found
            if (flow.condition == condition if condition else flow.id == element.default_flow)
        ][:1]
    return {"flows": [flow.id for flow in found]}
