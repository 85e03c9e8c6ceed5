"""The list of experiments, the page of one, and its cases to be saved."""

from __future__ import annotations

from uuid import UUID

from flask import Blueprint, render_template
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from sqlalchemy.orm import Session

from broker_crm.analysis.experiments import briefs, report
from broker_crm.analysis.ledger import ledger
from broker_crm.process import experiments
from broker_crm.process.experiments import Experiment, State
from broker_crm.web import database, tables, times
from broker_crm.web.analyse.experiments import view
from broker_crm.web.errors import NotFound
from broker_crm.web.wording import INSTANCE_STATUS, word

blueprint = Blueprint("experiments", __name__)


@blueprint.get("/analysis/experiments")
def listing() -> ResponseReturnValue:
    session = database.current()
    brief = briefs(session)
    rows = [view.line(session, each, brief(each)) for each in experiments.experiments(session)]
    return render_template("analyse/experiments/listing.html", rows=rows)


@blueprint.get("/analysis/experiments/<uuid:experiment_id>")
def show(experiment_id: UUID) -> ResponseReturnValue:
    session = database.current()
    experiment = found(session, experiment_id)
    with ledger(session) as columns:
        stands = report(columns, experiment)
    return render_template(
        "analyse/experiments/experiment.html", view=view.whole(session, experiment, stands)
    )


@blueprint.get("/analysis/experiments/<uuid:experiment_id>/cases.<any(csv, xlsx):kind>")
def download(experiment_id: UUID, kind: str) -> ResponseReturnValue:
    session = database.current()
    experiment = found(session, experiment_id)
    rows = session.execute(view.assigned(experiment)).all()
    headings = [_("Case"), _("Arm"), _("Segment"), _("Started"), _("Drawn as")]
    lines = [
        [
            row.title,
            row.arm.upper(),
            row.segment,
            times.day(row.at),
            row.unit_key,
        ]
        for row in rows
    ]
    if experiment.state == State.ENDED:
        headings.append(_("State"))
        for line, row in zip(lines, rows, strict=True):
            line.append(word(INSTANCE_STATUS, row.status))
    return tables.answer(kind, "experiment-cases", headings, lines)


def found(session: Session, experiment_id: UUID) -> Experiment:
    """The experiment of an address."""
    experiment = session.get(Experiment, experiment_id)
    if experiment is None:
        raise NotFound
    return experiment
