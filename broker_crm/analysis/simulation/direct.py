"""Simulations computed at once: for the command line, notebooks, and stored runs."""

from __future__ import annotations

from sqlalchemy.orm import Session

from broker_crm.analysis.ledger import Ledger
from broker_crm.analysis.simulation.calibration import Calibration, calibrate
from broker_crm.analysis.simulation.fitting import fit
from broker_crm.analysis.simulation.model import Model
from broker_crm.analysis.simulation.results import Outcome, Progress, compare
from broker_crm.analysis.simulation.scenarios import changed, model_has
from broker_crm.analysis.simulation.settings import Settings
from broker_crm.analysis.simulation.versions import draft_model, published_model, version_of


def _silent(_part: float) -> None:
    pass


def simulate(
    session: Session, ledger: Ledger, settings: Settings, told: Progress = _silent
) -> Outcome:
    """A quarter as things are, and as they would be.

    Args:
        session: reads diagrams.
        ledger: the columns.
        settings: what to simulate.
        told: hears what part is done, from 0 to 1.

    Raises:
        NotPublished: there is no such process or version.
        ChangeRefused: a change makes no sense for it.
        DiagramRefused: the draft can't run.
    """
    version = version_of(session, settings.process, settings.version)
    model = published_model(session, version)
    habits = fit(ledger, model, version.number)
    other = None
    if settings.changes:
        graph, number = other_model(session, settings) or (model, version.number)
        base = habits if graph is model else fit(ledger, graph, number)
        other = (graph, changed(base, graph, settings.changes))
    now = float(ledger.row("SELECT $now_s AS now", {})["now"])
    return compare(model, habits, now, settings.replications, other, told=told)


def check(
    session: Session, ledger: Ledger, settings: Settings, told: Progress = _silent
) -> Calibration:
    """The model of a version against its past; as for `simulate`."""
    version = version_of(session, settings.process, settings.version)
    return calibrate(ledger, published_model(session, version), version.number, told=told)


def other_model(session: Session, settings: Settings) -> tuple[Model, int | None] | None:
    """Model of another version or of the draft, and whose history it has, where one is tried."""
    for change in settings.changes:
        if change.kind == "draft":
            return draft_model(session, settings.process), settings.version
        if change.kind == "version":
            version = version_of(session, settings.process, int(change.value or 0))
            return published_model(session, version), version.number
    return None


def refuse_nonsense(session: Session, settings: Settings) -> int:
    """Number of the version that would be simulated, when its process, steps and flows exist.

    Raises:
        NotPublished, ChangeRefused, DiagramRefused: as for `simulate`; people are not looked at.
    """
    version = version_of(session, settings.process, settings.version)
    found = other_model(session, settings)
    model = found[0] if found else published_model(session, version)
    for change in settings.changes:
        model_has(model, change)
    return version.number
