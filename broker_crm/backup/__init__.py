"""Consistent copies of the whole database in one portable file, and databases made from them."""

from broker_crm.backup.archive import (
    BackupDamaged,
    BackupRefused,
    BackupTooNew,
    Manifest,
    NotABackup,
)
from broker_crm.backup.restoring import DatabaseNotEmpty, Restored, restore
from broker_crm.backup.taking import AlreadyThere, back_up

__all__ = [
    "AlreadyThere",
    "BackupDamaged",
    "BackupRefused",
    "BackupTooNew",
    "DatabaseNotEmpty",
    "Manifest",
    "NotABackup",
    "Restored",
    "back_up",
    "restore",
]
