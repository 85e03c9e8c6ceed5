"""Column types of money and percentages."""

from __future__ import annotations

from sqlalchemy import Numeric

Money = Numeric(12, 2)
"""EUR."""
Percent = Numeric(6, 3)
