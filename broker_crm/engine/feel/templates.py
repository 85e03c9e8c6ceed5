"""Merge fields of letters, scripts and documents: `{{ FEEL }}`."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping

from broker_crm.calendar import WorkingCalendar
from broker_crm.engine.feel.errors import EmptyMergeField
from broker_crm.engine.feel.evaluation import evaluate

MERGE_FIELD = re.compile(r"\{\{(.+?)\}\}", re.DOTALL)


def render(
    template: str,
    context: Mapping[str, object],
    *,
    calendar: WorkingCalendar | None = None,
    text: Callable[[object], str] = str,
) -> str:
    """Fill in the merge fields of a template.

    Args:
        template: text with `{{ FEEL }}` fields.
        context: the variables.
        calendar: for working-day functions.
        text: how a value is written; by default as Python does.

    Raises:
        EmptyMergeField: when a field is null or empty.
        FeelError: when a field fails.
    """

    def fill(match: re.Match[str]) -> str:
        field = match[1].strip()
        value = evaluate(field, context, calendar=calendar)
        if value is None or value == "":
            raise EmptyMergeField(field)
        return text(value)

    return MERGE_FIELD.sub(fill, template)
