"""Words of versions, comparisons and migrations, in the visitor's language."""

from __future__ import annotations

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l

from broker_crm.engine.migrating import Reason
from broker_crm.process.migration.models import ItemState, Phase
from broker_crm.web.wording import Words

CHANGE: Words = {
    "added": _l("Added"),
    "removed": _l("Removed"),
    "changed": _l("Changed"),
    "moved": _l("Moved"),
}
SUBJECT: Words = {
    "element": _l("Diagram"),
    "flow": _l("Flows"),
    "form": _l("Forms"),
    "field": _l("Forms"),
    "decision": _l("Decision tables"),
    "rule": _l("Decision tables"),
    "letter": _l("Letters"),
    "script": _l("Call scripts"),
    "document": _l("Documents"),
    "translation": _l("Translations"),
}
ELEMENT: Words = {
    "userTask": _l("User task"),
    "serviceTask": _l("Service task"),
    "sendTask": _l("Send task"),
    "receiveTask": _l("Receive task"),
    "scriptTask": _l("Script task"),
    "businessRuleTask": _l("Decision"),
    "callActivity": _l("Call activity"),
    "subProcess": _l("Subprocess"),
    "startEvent": _l("Start event"),
    "endEvent": _l("End event"),
    "intermediateCatchEvent": _l("Waiting event"),
    "intermediateThrowEvent": _l("Throwing event"),
    "boundaryEvent": _l("Boundary event"),
    "exclusiveGateway": _l("Exclusive gateway"),
    "parallelGateway": _l("Parallel gateway"),
    "inclusiveGateway": _l("Inclusive gateway"),
    "eventBasedGateway": _l("Event-based gateway"),
    "sequenceFlow": _l("Flow"),
}
PROPERTY: Words = {
    "name": _l("Name"),
    "type": _l("Kind"),
    "lane": _l("Lane"),
    "form": _l("Form"),
    "form_key": _l("Form"),
    "assignee": _l("Assignee"),
    "candidateGroups": _l("Candidate group"),
    "dueDate": _l("Due"),
    "due_at": _l("Due"),
    "outcomes": _l("Outcomes"),
    "help": _l("Help"),
    "timeDate": _l("Timer, moment"),
    "timeDuration": _l("Timer, duration"),
    "timeCycle": _l("Timer, moments"),
    "condition": _l("Condition"),
    "from": _l("From"),
    "to": _l("To"),
    "decision": _l("Decision table"),
    "taskType": _l("Job"),
    "attachedTo": _l("Attached to"),
    "interrupting": _l("Interrupting"),
    "defaultFlow": _l("Default flow"),
    "hitPolicy": _l("Hit policy"),
    "label": _l("Label"),
    "description": _l("Description"),
    "validate.required": _l("Required"),
    "validate.min": _l("Least"),
    "validate.max": _l("Most"),
    "conditional.hide": _l("Hidden when"),
    "property standardWorkingDays": _l("Time standard, working days"),
    "property standardMinutes": _l("Work standard, minutes"),
    "property standardCost": _l("Cost standard, EUR"),
    "property outcomes": _l("Outcomes"),
    "property measure": _l("Measurement point"),
    "property step": _l("Step"),
    "property helpScript": _l("Call script"),
    "property helpLetter": _l("Letter"),
    "header letter": _l("Letter"),
}
PHASE: Words = {
    Phase.REHEARSING: _l("Being rehearsed"),
    Phase.REHEARSED: _l("Rehearsed, nothing moved yet"),
    Phase.MOVING: _l("Being moved"),
    Phase.MOVED: _l("Moved"),
    Phase.UNDOING: _l("Being taken back"),
    Phase.UNDONE: _l("Taken back"),
    Phase.GIVEN_UP: _l("Given up, nothing was moved"),
}
ITEM: Words = {
    ItemState.NEW: _l("not looked at yet"),
    ItemState.FITS: _l("can be moved"),
    ItemState.STAYS: _l("stays"),
    ItemState.CHOSEN: _l("will be moved"),
    ItemState.MOVED: _l("moved"),
    ItemState.UNDOING: _l("will be taken back"),
    ItemState.UNDONE: _l("taken back"),
    ItemState.KEPT: _l("could not be taken back"),
}


def obstacle(name: str, why: str, source: str) -> str:
    """Why one place of a case has no counterpart, as a sentence.

    Args:
        name: of the element, in the visitor's language.
        why: name of a `Reason`.
        source: where a waiting token came from.
    """
    return {
        Reason.MISSING.name: _("The other version has no “%(step)s”.", step=name),
        Reason.OTHER_KIND.name: _("“%(step)s” is of another kind in the other version.", step=name),
        Reason.WAITS_OTHERWISE.name: _(
            "“%(step)s” waits for something else in the other version.", step=name
        ),
        Reason.STILL_OPEN.name: _("What “%(step)s” began is still open.", step=name),
        Reason.NO_FLOW.name: _(
            "At “%(step)s” a token waits that came from %(source)s; the other version has no such "
            "flow.",
            step=name,
            source=source,
        ),
    }[why]
