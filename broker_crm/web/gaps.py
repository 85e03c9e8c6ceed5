"""Marks on a page where a text's merge field has no value yet."""

from __future__ import annotations

import re

from markupsafe import Markup

from broker_crm.outreach.texts import LONGEST_FIELD

GAP = re.compile("\ue000(.*?)\ue001", re.DOTALL)


def gap(field: str) -> str:
    """What stands in the text instead of a field's value, until `marked` turns it into a mark."""
    short = field if len(field) <= LONGEST_FIELD else field[: LONGEST_FIELD - 1] + "…"
    return f"\ue000{short}\ue001"


def marked(html: Markup) -> Markup:
    """Gaps as marks; what stands in a gap was escaped with the rest."""
    found = GAP.sub(lambda each: f'<mark class="missing">{each[1]}</mark>', str(html))
    return Markup(found)  # noqa: S704
