"""Process instances, user tasks, timers and events: one transaction per command."""

from broker_crm.process.completing import Completed, complete
from broker_crm.process.happening import report, reportable
from broker_crm.process.holding import claim, open_task, reassign, release, save_draft
from broker_crm.process.incidents import (
    dismiss_incident,
    dismiss_incidents,
    open_incidents,
    retry_incident,
    retry_incidents,
)
from broker_crm.process.messages import (
    broadcast,
    deliver_pending,
    queue_messages,
    queue_start,
    send_message,
)
from broker_crm.process.migration.moving import migrate
from broker_crm.process.start_requests import start_once
from broker_crm.process.starting import CaseData, Started, start
from broker_crm.process.timers import fire_due_timers
from broker_crm.process.transactions import Command, run_command
from broker_crm.process.variables import instance_variables
from broker_crm.process.waiting import cancel, fire_timer

__all__ = [
    "CaseData",
    "Command",
    "Completed",
    "Started",
    "broadcast",
    "cancel",
    "claim",
    "complete",
    "deliver_pending",
    "dismiss_incident",
    "dismiss_incidents",
    "fire_due_timers",
    "fire_timer",
    "instance_variables",
    "migrate",
    "open_incidents",
    "open_task",
    "queue_messages",
    "queue_start",
    "reassign",
    "release",
    "report",
    "reportable",
    "retry_incident",
    "retry_incidents",
    "run_command",
    "save_draft",
    "send_message",
    "start",
    "start_once",
]
