"""Process instances, user tasks, timers and events: one transaction per command."""

from broker_crm.process.completing import Completed, complete
from broker_crm.process.holding import claim, open_task, reassign, release, save_draft
from broker_crm.process.incidents import dismiss_incident, open_incidents, retry_incident
from broker_crm.process.starting import CaseData, Started, start
from broker_crm.process.timers import fire_due_timers
from broker_crm.process.transactions import Command, run_command
from broker_crm.process.waiting import cancel, fire_timer, send_message

__all__ = [
    "CaseData",
    "Command",
    "Completed",
    "Started",
    "cancel",
    "claim",
    "complete",
    "dismiss_incident",
    "fire_due_timers",
    "fire_timer",
    "open_incidents",
    "open_task",
    "reassign",
    "release",
    "retry_incident",
    "run_command",
    "save_draft",
    "send_message",
    "start",
]
