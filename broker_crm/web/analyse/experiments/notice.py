"""A word of warning where figures by version would be a look at an experiment before its time."""

from __future__ import annotations

from flask import url_for
from flask_babel import gettext as _
from sqlalchemy.orm import Session

from broker_crm.process.experiments import in_force


def of_process(session: Session, process_key: str) -> dict[str, str] | None:
    """What is said, and where the experiment stands; None where none is on."""
    experiment = in_force(session, process_key)
    if experiment is None:
        return None
    told = _(
        "The experiment “%(name)s” is on. Its planned looks say which version is better; what is"
        " seen here before then may be chance.",
        name=experiment.name,
    )
    return {"told": told, "at": url_for("experiments.show", experiment_id=experiment.id)}
