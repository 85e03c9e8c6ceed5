"""What differs between two versions of a process, from the drawing down to the rows and words."""

from broker_crm.definitions.comparison.changes import (
    Change,
    ChangeKind,
    Comparison,
    Detail,
    Subject,
)
from broker_crm.definitions.comparison.comparing import compare, compare_versions

__all__ = [
    "Change",
    "ChangeKind",
    "Comparison",
    "Detail",
    "Subject",
    "compare",
    "compare_versions",
]
