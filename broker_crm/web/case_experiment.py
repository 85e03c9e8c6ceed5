"""The quiet line on a case's page: the experiment that it is in, and its arm."""

from __future__ import annotations

from flask import url_for
from flask_babel import gettext as _
from sqlalchemy import select
from sqlalchemy.orm import Session

from broker_crm.people.models import User
from broker_crm.process.experiments import Experiment, ExperimentAssignment
from broker_crm.process.models import ProcessInstance
from broker_crm.web.access import may_visit


def line(session: Session, user: User, instance: ProcessInstance) -> dict[str, str | None] | None:
    """What is said, and where more stands for those who may read it; None outside of one."""
    row = session.execute(
        select(Experiment.id, Experiment.name, ExperimentAssignment.arm)
        .join(ExperimentAssignment, ExperimentAssignment.experiment_id == Experiment.id)
        .where(ExperimentAssignment.instance_id == instance.id)
    ).one_or_none()
    if row is None:
        return None
    told = _("In the experiment “%(name)s”, arm %(arm)s.", name=row.name, arm=row.arm.upper())
    if instance.version_id != instance.first_version_id:
        told += " " + _("It was moved to another version and still counts in this arm.")
    reads = may_visit(user, "experiments.show")
    return {
        "told": told,
        "at": url_for("experiments.show", experiment_id=row.id) if reads else None,
    }
