"""Experiments: two versions of a process, or of a text, in parallel for shares of the new cases."""

from broker_crm.process.experiments.conducting import (
    discard,
    end,
    experiments,
    in_force,
    newer_version,
    pause,
    resume,
    start_experiment,
    stop,
)
from broker_crm.process.experiments.drawing import assigned, version_in_force
from broker_crm.process.experiments.models import (
    Arm,
    Decision,
    Experiment,
    ExperimentAssignment,
    ExperimentEvent,
    ExperimentLook,
    Measure,
    State,
    Unit,
)
from broker_crm.process.experiments.planning import Expected, Plan, plan
from broker_crm.process.experiments.refusals import (
    ExperimentNotFound,
    ExperimentRefused,
    PlanRefused,
)
from broker_crm.process.experiments.wording import version_of_text

__all__ = [
    "Arm",
    "Decision",
    "Expected",
    "Experiment",
    "ExperimentAssignment",
    "ExperimentEvent",
    "ExperimentLook",
    "ExperimentNotFound",
    "ExperimentRefused",
    "Measure",
    "Plan",
    "PlanRefused",
    "State",
    "Unit",
    "assigned",
    "discard",
    "end",
    "experiments",
    "in_force",
    "newer_version",
    "pause",
    "plan",
    "resume",
    "start_experiment",
    "stop",
    "version_in_force",
    "version_of_text",
]
