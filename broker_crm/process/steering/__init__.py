"""Those who steer change running cases: due dates, pauses, data, steps; alone or many at once."""

from broker_crm.process.steering.actions import Action, Order
from broker_crm.process.steering.batches import (
    BatchNotFound,
    Subject,
    carry_out,
    give_order,
    undo_order,
)
from broker_crm.process.steering.correcting import correct_variable
from broker_crm.process.steering.due_dates import change_due
from broker_crm.process.steering.handing_over import hand_over, spread
from broker_crm.process.steering.models import RowState, SteeringBatch, SteeringRow
from broker_crm.process.steering.moving import move_case, places
from broker_crm.process.steering.pausing import pause, resume, resume_if_paused
from broker_crm.process.steering.previewing import Foreseen, preview
from broker_crm.process.steering.undoing import UNDOABLE, undo

__all__ = [
    "UNDOABLE",
    "Action",
    "BatchNotFound",
    "Foreseen",
    "Order",
    "RowState",
    "SteeringBatch",
    "SteeringRow",
    "Subject",
    "carry_out",
    "change_due",
    "correct_variable",
    "give_order",
    "hand_over",
    "move_case",
    "pause",
    "places",
    "preview",
    "resume",
    "resume_if_paused",
    "spread",
    "undo",
    "undo_order",
]
