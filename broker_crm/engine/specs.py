"""Task specs: what each BPMN element does when the instance reaches and passes it."""

from __future__ import annotations

from typing import Any

from SpiffWorkflow.bpmn.specs import defaults
from SpiffWorkflow.bpmn.specs.event_definitions.base import EventDefinition
from SpiffWorkflow.bpmn.specs.mixins import EventBasedGatewayMixin
from SpiffWorkflow.task import Task
from SpiffWorkflow.util.task import TaskState

from broker_crm.engine.errors import RuleFailed
from broker_crm.engine.events import TimerEvent
from broker_crm.engine.workflow import Subprocess, scope_of

MAX_INSTANCES = 100


class UserTask(defaults.UserTask):
    """A step for a person."""

    def _on_ready_hook(self, my_task: Task) -> None:
        super()._on_ready_hook(my_task)
        my_task.workflow.script_engine.user_task_ready(my_task)


class JobTask(defaults.ServiceTask):
    """A service or send task that names a job."""

    def _execute(self, task: Task) -> bool:
        task.workflow.script_engine.run_job(task)
        return True


class ScriptTask(defaults.ServiceTask):
    """A FEEL expression whose value becomes a variable."""

    def _execute(self, task: Task) -> bool:
        task.workflow.script_engine.run_script(task)
        return True


class DecisionTask(defaults.ServiceTask):
    """A call of a decision table."""

    def _execute(self, task: Task) -> bool:
        task.workflow.script_engine.run_decision(task)
        return True


class ThrowEvent(defaults.IntermediateThrowEvent):
    """An intermediate throw event, or a send task, with or without a job."""

    def _run_hook(self, my_task: Task) -> bool:
        my_task.workflow.script_engine.run_job_if_any(my_task)
        return bool(super()._run_hook(my_task))


class EndEvent(defaults.EndEvent):
    """An end event, with or without a job."""

    def _run_hook(self, my_task: Task) -> bool:
        my_task.workflow.script_engine.run_job_if_any(my_task)
        return bool(super()._run_hook(my_task))


class ExclusiveGateway(defaults.ExclusiveGateway):
    """Exactly one flow; no match and no default is a failure, never a guess."""

    def _run_hook(self, my_task: Task) -> bool:
        chosen = self.default_task_spec
        for condition, name in self.cond_task_specs:
            if condition is not None and condition._matches(my_task):
                chosen = name
                my_task._set_internal_data(condition=condition.args[0])
                break
        if chosen is None:
            raise RuleFailed(
                self.bpmn_id,
                self.bpmn_name,
                "No condition is true and there is no default flow.",
            )
        my_task._sync_children([self._wf_spec.task_specs[chosen]], TaskState.FUTURE)
        for child in my_task.children:
            child.task_spec._predict(child, mask=TaskState.FUTURE | TaskState.PREDICTED_MASK)
        return True


class EventGateway(EventBasedGatewayMixin, defaults.BpmnSpecMixin):
    """Waits for the first of several events; each keeps its own definition here."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.choices: dict[str, EventDefinition] = {}

    def connect(self, child: Any) -> None:
        self.choices[child.name] = child.event_definition
        super().connect(child)

    def _update_hook(self, my_task: Task) -> bool:
        my_task._inherit_data()
        if my_task._get_internal_data("chosen"):
            return True
        my_task._set_state(TaskState.WAITING)
        if "due" not in my_task.internal_data:
            my_task._set_internal_data(
                due={
                    name: definition.instants(my_task)[0]
                    for name, definition in self.choices.items()
                    if isinstance(definition, TimerEvent)
                }
            )
        return False

    def _run_hook(self, my_task: Task) -> bool:
        chosen = self._wf_spec.task_specs[my_task._get_internal_data("chosen")]
        my_task._sync_children([chosen], TaskState.FUTURE)
        for child in my_task.children:
            child.task_spec._predict(child, mask=TaskState.FUTURE | TaskState.PREDICTED_MASK)
        return True

    def choose(self, my_task: Task, name: str) -> None:
        """Let the event of one branch happen."""
        my_task._set_internal_data(chosen=name)
        self._update(my_task)


class EmbeddedSubprocess(defaults.SubWorkflowTask):
    """A subprocess drawn inside the process; it shares the variables around it."""

    def copy_data(self, my_task: Task, subworkflow: Subprocess) -> None:
        inputs = my_task.workflow.script_engine.mapped_inputs(my_task)
        subworkflow.data.update({**my_task.data, **inputs})

    def update_data(self, my_task: Task, subworkflow: Subprocess) -> None:
        my_task.workflow.script_engine.subprocess_ended(my_task, subworkflow.data)


class CalledProcess(defaults.CallActivity):
    """A call activity; the called process has variables of its own."""

    def copy_data(self, my_task: Task, subworkflow: Subprocess) -> None:
        inputs = my_task.workflow.script_engine.mapped_inputs(my_task)
        subworkflow.data.update(scope_of(my_task) | my_task.data | inputs)

    def update_data(self, my_task: Task, subworkflow: Subprocess) -> None:
        my_task.workflow.script_engine.called_process_ended(my_task, subworkflow.data)


class _MultiInstance:
    """What parallel and sequential multi-instance activities share."""

    def _begin(self, my_task: Task) -> list[object]:
        run = my_task.workflow.script_engine
        items: list[object] = run.collection(my_task)
        if len(items) > MAX_INSTANCES:
            element = run.element(my_task)
            raise RuleFailed(
                element.id,
                element.name,
                f"{len(items)} instances; the limit is {MAX_INSTANCES}. Start a process for each.",
            )
        my_task._set_internal_data(merged=[], items=items, results=[None] * len(items))
        return items

    def _add(self, my_task: Task, index: int) -> None:
        run = my_task.workflow.script_engine
        name = run.element(my_task).multi_instance.input_element
        child = my_task._add_child(
            my_task.workflow.spec.task_specs[self.task_spec],  # type: ignore[attr-defined]
            TaskState.WAITING,
        )
        child.triggered = True
        child.data = dict(my_task.data)
        if name:
            child.data[name] = my_task._get_internal_data("items")[index]
        child.data["loopCounter"] = index + 1
        child._set_internal_data(index=index)
        child.task_spec._update(child)

    def _merge(self, child: Task) -> bool:
        """Take over one result; True when the completion condition ends the activity."""
        my_task = child.parent
        run = my_task.workflow.script_engine
        internal = my_task.internal_data
        internal["merged"].append(str(child.id))
        internal["results"][child.internal_data["index"]] = run.instance_result(child)
        return bool(run.completion_condition(child, len(internal["merged"])))

    def _finish(self, my_task: Task) -> None:
        my_task.workflow.script_engine.collection_done(
            my_task, my_task._get_internal_data("results")
        )
        my_task._set_state(TaskState.READY)


class ParallelMultiInstance(_MultiInstance, defaults.ParallelMultiInstanceTask):
    """One instance per item, all at once."""

    def _update_hook(self, my_task: Task) -> bool:
        my_task._inherit_data()
        items = self._begin(my_task)
        if not items:
            my_task.workflow.script_engine.collection_done(my_task, [])
            return True
        my_task._set_state(TaskState.STARTED)
        for index in range(len(items)):
            self._add(my_task, index)
        return False

    def merge_child(self, workflow: Any, child: Task) -> None:
        my_task = child.parent
        if self._merge(child):
            for instance in self._instances(my_task):
                instance.cancel()
            self._finish(my_task)
        elif self.children_complete(my_task):
            self._finish(my_task)


class SequentialMultiInstance(_MultiInstance, defaults.SequentialMultiInstanceTask):
    """One instance per item, one after the other."""

    def _update_hook(self, my_task: Task) -> bool:
        my_task._inherit_data()
        if not self._begin(my_task):
            my_task.workflow.script_engine.collection_done(my_task, [])
            return True
        my_task._set_state(TaskState.STARTED)
        self._add(my_task, 0)
        return False

    def merge_child(self, workflow: Any, child: Task) -> None:
        my_task = child.parent
        done = self._merge(child)
        following = child.internal_data["index"] + 1
        if done or following == len(my_task._get_internal_data("items")):
            self._finish(my_task)
        else:
            self._add(my_task, following)
