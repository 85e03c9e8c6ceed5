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
    """A way of looking into the work: its first page, its name, what it tells; and whether it also
    looks into a foreign log that is named by `log`."""

    endpoint: str
    icon: str
    name: Any
    tells: Any
    reads_logs: bool = False


TOOLS = (
    Tool(
        "comparison.show",
        "chart",
        _l("Versions compared"),
        _l(
            "Is the new version better? Times, shares and costs of two versions, periods, segments"
            " or teams, with what is known of the difference and what is not yet."
        ),
        reads_logs=True,
    ),
    Tool(
        "bottlenecks.show",
        "clock",
        _l("Bottlenecks"),
        _l("Where cases wait, for whom and why; queues, and how busy people are."),
        reads_logs=True,
    ),
    Tool(
        "bottlenecks.paths",
        "flow",
        _l("Paths"),
        _l("Which ways cases took, how often and how long, and whether the diagram allows them."),
        reads_logs=True,
    ),
    Tool(
        "segments.show",
        "people",
        _l("Segments"),
        _l("Do those who are interested, or who buy, belong to a clear segment, and to which?"),
        reads_logs=True,
    ),
    Tool(
        "what_if.form",
        "whole",
        _l("What if"),
        _l("A quarter simulated from the diagram and its past: other times, people, shares."),
    ),
    Tool(
        "experiments.listing",
        "scales",
        _l("Experiments"),
        _l("Two versions, or two texts, share the new cases by chance: what is better, for sure."),
    ),
    Tool(
        "versions.processes",
        "flow",
        _l("Changes of the diagrams"),
        _l("What differs between two versions of a process: steps, times, forms, tables."),
    ),
    Tool(
        "exports.listing",
        "paper",
        _l("Exports"),
        _l("The work as an event log for other tools: XES, OCEL, CSV, Parquet."),
    ),
    Tool(
        "logs.listing",
        "paper",
        _l("Logs"),
        _l("Foreign event logs, looked into with the same tools as one's own work."),
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
