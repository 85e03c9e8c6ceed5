"""The analysts' desk: what can be looked into, each with a sentence on what it tells."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from flask import Blueprint, render_template, url_for
from flask.typing import ResponseReturnValue
from flask_babel import lazy_gettext as _l

from broker_crm.web import access
from broker_crm.web.sign_in import person

blueprint = Blueprint("analyse", __name__)


@dataclass(frozen=True, slots=True)
class Tool:
    """A way of looking into the work: its first page, its name, what it tells."""

    endpoint: str
    icon: str
    name: Any
    tells: Any


TOOLS = (
    Tool(
        "bottlenecks.show",
        "clock",
        _l("Bottlenecks"),
        _l("Where cases wait, for whom and why; queues, and how busy people are."),
    ),
    Tool(
        "bottlenecks.paths",
        "flow",
        _l("Paths"),
        _l("Which ways cases took, how often and how long, and whether the diagram allows them."),
    ),
    Tool(
        "versions.processes",
        "flow",
        _l("Changes of the diagrams"),
        _l("What differs between two versions of a process: steps, times, forms, tables."),
    ),
)


@blueprint.get("/analysis")
def listing() -> ResponseReturnValue:
    user = person()
    tools = [
        {"icon": each.icon, "name": each.name, "tells": each.tells, "at": url_for(each.endpoint)}
        for each in TOOLS
        if access.may_visit(user, each.endpoint)
    ]
    return render_template("analyse/listing.html", tools=tools)
