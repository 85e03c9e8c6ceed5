"""Moving running cases to another version: one by one, or many with a rehearsal and a way back."""

from broker_crm.process.migration.carrying_out import carry_on
from broker_crm.process.migration.models import ItemState, Migration, MigrationItem, Phase
from broker_crm.process.migration.moving import migrate
from broker_crm.process.migration.ordering import (
    MigrationNotFound,
    NotInThisPhase,
    begin,
    choose,
    give_up,
    undo,
)

__all__ = [
    "ItemState",
    "Migration",
    "MigrationItem",
    "MigrationNotFound",
    "NotInThisPhase",
    "Phase",
    "begin",
    "carry_on",
    "choose",
    "give_up",
    "migrate",
    "undo",
]
