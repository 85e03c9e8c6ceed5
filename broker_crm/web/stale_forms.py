"""A form whose record somebody else changed: shown again with both, and nothing is lost."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from broker_crm.web.wording import Words, word


def theirs(
    now: Mapping[str, Any], written: Mapping[str, Any], names: Words
) -> list[tuple[str, str]]:
    """What the record holds now where the form says otherwise; ticks are left out.

    Args:
        now: values of the record.
        written: values of the form.
        names: the fields to compare, with their words.
    """
    return [
        (word(names, name), "–" if now[name] in (None, "") else str(now[name]))
        for name in names
        if not isinstance(now.get(name, False), bool)
        and str(now[name] or "") != str(written.get(name, now[name]) or "")
    ]
