"""What must be true of the whole database after every command, and finding where it is not."""

from broker_crm.integrity.check import broken, invariants, violations
from broker_crm.integrity.invariant import Violation

__all__ = ["Violation", "broken", "invariants", "violations"]
