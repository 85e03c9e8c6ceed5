"""Words of experiments: states, measures, units, what was refused and why."""

from __future__ import annotations

from flask_babel import lazy_gettext as _l

from broker_crm.process.experiments import Experiment
from broker_crm.process.experiments.models import OF_SHARES, VERSION
from broker_crm.web.wording import Words, word

STATE: Words = {
    "draft": _l("Draft"),
    "running": _l("Running"),
    "paused": _l("Paused"),
    "stopped": _l("Waits for a decision"),
    "ended": _l("Ended"),
}
TONE = {"draft": "", "running": "good", "paused": "info", "stopped": "today", "ended": ""}
MEASURE: Words = {
    "won": _l("Share of cases won"),
    "conversion": _l("Share of cases in which a step ended well"),
    "late": _l("Share of cases with a late step"),
    "meeting": _l("Working days until the meeting"),
    "cycle": _l("Working days until the case ends"),
}
UNIT: Words = {
    "case": _l("each case by itself"),
    "client": _l("the client: all cases of one client get the same"),
    "salesperson": _l("the salesperson: all cases of one salesperson get the same"),
}
COMPARED: Words = {
    "version": _l("Versions of the process"),
    "letter": _l("Letter"),
    "script": _l("Script"),
    "document": _l("Document"),
}
DECISION: Words = {
    "a": _l("A stays"),
    "b": _l("B becomes the latest"),
    "undecided": _l("Undecided: A stays for now"),
}
HAPPENED: Words = {
    "planned": _l("Planned"),
    "started": _l("Started"),
    "paused": _l("Paused"),
    "resumed": _l("Resumed"),
    "looked": _l("Planned look taken"),
    "stopped": _l("Stopped by its rule"),
    "ended": _l("Ended"),
}
STOP: Words = {
    "sample": _l("all needed cases have come"),
    "time": _l("its last day has passed"),
    "b-better": _l("B is clearly better"),
    "b-worse": _l("B is clearly worse"),
    "harm": _l("B does harm"),
}
LOOK: Words = {
    "go-on": _l("no bound crossed, goes on"),
    "b-better": _l("B is better"),
    "b-worse": _l("B is worse"),
    "harm": _l("B does harm: stopped"),
    "no-difference": _l("no difference of the size sought"),
    "open": _l("neither shown nor ruled out"),
    "too-few": _l("too few cases to say anything"),
}
PROBLEM: Words = {
    "name.missing": _l("Give it a name."),
    "hypothesis.missing": _l("Say what you expect, and why."),
    "version_a_id.unknown": _l("Choose a version of this process."),
    "version_b_id.unknown": _l("Choose a version of this process."),
    "version_b_id.same-content": _l("A and B say the same. Choose versions that differ in this."),
    "version_b_id.start-differs": _l(
        "A and B begin with different events, so cases can't be shared out."
    ),
    "version_b_id.does-not-fit": _l("B's text names data that A's version does not know."),
    "template_key.missing": _l("Choose the text to be compared."),
    "template_key.unknown": _l("One of the versions does not have this text."),
    "compared.unknown": _l("Choose what is compared."),
    "share_b.share": _l("B may get 5 to 95 %, in steps of 5."),
    "unit.unknown": _l("Choose what is drawn."),
    "balanced.needs-cases": _l(
        "Only cases that are drawn by themselves can be balanced by segment."
    ),
    "measure.unknown": _l("Choose a measure."),
    "measure.no-past-cases": _l(
        "The past does not tell how many cases are needed: there are too few, "
        "or no number would do."
    ),
    "step.missing": _l("Choose the step."),
    "step.unknown": _l("Choose a step that both versions have."),
    "horizon_days.horizon": _l("The time to the measure is 1 to 250 working days."),
    "smallest_difference.difference": _l(
        "The difference must be a number above 0, such as 5 or 1.5."
    ),
    "looks.looks": _l("There may be 1 to 5 looks."),
    "harm_stop.needs-looks": _l("To stop harm early, plan at least two looks."),
    "ends_on.past": _l("The last day must be later than today."),
}
REFUSAL: Words = {
    "another-runs": _l("Another experiment on this process is not yet decided. One at a time."),
    "not-draft": _l("This experiment has already been started."),
    "not-running": _l("This experiment is not running."),
    "not-paused": _l("This experiment is not paused."),
    "not-to-decide": _l("There is nothing to decide: it has not begun, or it has ended."),
    "time-over": _l("Its last day has passed before it began. Plan it anew."),
}


def problem(field: str, code: str) -> str:
    """Why a field of a plan is wrong."""
    return word(PROBLEM, f"{field}.{code}")


def compared(experiment: Experiment) -> str:
    """What an experiment compares, such as “Letter intro”."""
    told = word(COMPARED, experiment.compared)
    return told if experiment.compared == VERSION else f"{told} “{experiment.template_key}”"


def unit_of(measure: str) -> str:
    """Of a figure: 'share' or 'days'."""
    return "share" if measure in OF_SHARES else "days"
