"""The bare library: SpiffWorkflow with its stock full-JSON state in memory, no database."""

from __future__ import annotations

import time
from pathlib import Path

from lxml import etree
from SpiffWorkflow.bpmn.parser.BpmnParser import BpmnParser
from SpiffWorkflow.bpmn.serializer.workflow import BpmnWorkflowSerializer
from SpiffWorkflow.bpmn.workflow import BpmnWorkflow
from SpiffWorkflow.util.task import TaskState

DIAGRAM = Path(__file__).with_name("ten_tasks.bpmn")


def measure_stock(instances: int) -> float:
    """Completions per second, each a load, one task, and a store."""
    parser = BpmnParser()
    parser.add_bpmn_xml(etree.parse(str(DIAGRAM)), DIAGRAM.name)
    spec = parser.get_spec(parser.get_process_ids()[0])
    serializer = BpmnWorkflowSerializer()
    states = []
    for _ in range(instances):
        workflow = BpmnWorkflow(spec)
        workflow.do_engine_steps()
        states.append(serializer.serialize_json(workflow))
    completions = 0
    began = time.perf_counter()
    while states:
        following = []
        for state in states:
            workflow = serializer.deserialize_json(state)
            task = workflow.get_next_task(state=TaskState.READY, manual=True)
            if task is None:
                continue
            task.data["outcome"] = "done"
            task.run()
            workflow.do_engine_steps()
            following.append(serializer.serialize_json(workflow))
            completions += 1
        states = following
    return completions / (time.perf_counter() - began)
