"""Files of clients and policies: read, checked row by row, brought in whole, undone by batch."""

from broker_crm.crm.importing.applying import (
    ImportRefused,
    bring_in,
    give_up,
    receive,
    remap,
    undo,
)
from broker_crm.crm.importing.fields import FIELDS, guess
from broker_crm.crm.importing.planning import Plan, plan
from broker_crm.crm.importing.reading import MOST_BYTES, Table, Unreadable, read

__all__ = [
    "FIELDS",
    "MOST_BYTES",
    "ImportRefused",
    "Plan",
    "Table",
    "Unreadable",
    "bring_in",
    "give_up",
    "guess",
    "plan",
    "read",
    "receive",
    "remap",
    "undo",
]
