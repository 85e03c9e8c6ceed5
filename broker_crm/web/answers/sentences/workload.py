"""Q4 in words."""

from __future__ import annotations

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_babel import ngettext

from broker_crm.web.answers.sentences.telling import Telling

QUESTION = _l("What is the workload of a salesperson, and of the average one?")
COUNTED = _l(
    "Standard minutes of the person's open steps that are due in the week, by the minutes that the "
    "person has: office time less absences and meetings. What is overdue falls on this week. The "
    "average salesperson is the middle one of those who are active (the median), so that one "
    "overloaded colleague does not move it. The period does not count: load is of now."
)
SOURCE = "load = Σ standard minutes / available minutes"


def main(told: Telling) -> str:
    if told.text("person"):
        n = told.number("open")
        open_steps: str = ngettext(
            "%(count)s open step", "%(count)s open steps", n, count=told.count("open")
        )
        return _(
            "load of this week %(load)s; %(open)s, overdue: %(overdue)s",
            load=told.answer_figure(),
            open=open_steps,
            overdue=told.count("overdue"),
        )
    if told.answer.value is None:
        return _("no active salesperson")
    return _("load of the average salesperson this week: %(load)s", load=told.answer_figure())


def rest(told: Telling) -> list[str | None]:
    if told.text("person"):
        return []
    above, queue = told.number("above"), told.number("queue")
    told_above: str = ngettext(
        "%(count)s salesperson has more to do than there is time",
        "%(count)s salespeople have more to do than there is time",
        above,
        count=told.count("above"),
    )
    told_queue: str = ngettext(
        "%(count)s step waits for somebody to take it",
        "%(count)s steps wait for somebody to take them",
        queue,
        count=told.count("queue"),
    )
    told_open: str = ngettext(
        "%(count)s step is open, overdue: %(overdue)s",
        "%(count)s steps are open, overdue: %(overdue)s",
        told.number("open"),
        count=told.count("open"),
        overdue=told.count("overdue"),
    )
    return [
        told_above if above else _("Nobody has more to do than there is time"),
        told_open,
        told_queue if queue else None,
    ]
