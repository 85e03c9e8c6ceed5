"""The analysts' command simulate, and the process in which a stored simulation is computed."""

from __future__ import annotations

import json
import os
import sys
from typing import TYPE_CHECKING

import click

from broker_crm import operating
from broker_crm import settings as environment

if TYPE_CHECKING:
    from broker_crm.analysis.simulation.results import Estimate, Outcome

NICE = 10


@click.command()
@click.argument("process")
@click.option("--version", type=int, help="Number of the version; the one in use by default.")
@click.option("--change", "changes", multiple=True, help="Such as wait:Task_FirstCall:0.5.")
@click.option("--replications", type=int, default=40, show_default=True)
@click.option("--check", is_flag=True, help="Check the model against the past instead.")
@click.option("--json", "as_json", is_flag=True, help="All figures as JSON.")
def simulate(
    process: str,
    version: int | None,
    changes: tuple[str, ...],
    replications: int,
    check: bool,
    as_json: bool,
) -> None:
    """Simulate a quarter of PROCESS as it is, and as it would be with changes.

    Changes: standard:STEP:DAYS, wait:STEP:TIMES, work:STEP:TIMES, on-time:STEP,
    outcome:STEP:OUTCOME:SHARE, flow:GATEWAY:FLOW:SHARE, add:GROUP:NUMBER, without:LOGIN,
    arrivals:TIMES, version:NUMBER, draft.
    """
    from broker_crm.analysis.ledger import ledger
    from broker_crm.analysis.simulation import direct
    from broker_crm.analysis.simulation.scenarios import ChangeRefused
    from broker_crm.analysis.simulation.settings import read_settings
    from broker_crm.db import sessions

    pairs = [("process", process), ("replications", str(replications))]
    pairs += [("version", str(version))] if version is not None else []
    pairs += [("change", each) for each in changes]
    try:
        settings = read_settings(pairs)
        with (
            operating.database(environment.load()) as engine,
            sessions(engine)() as session,
        ):
            session.connection(execution_options={"read_only": True})
            with ledger(session) as columns:
                if check:
                    _tell_check(direct.check(session, columns, settings), as_json)
                else:
                    _tell(direct.simulate(session, columns, settings), as_json)
    except ChangeRefused as refused:
        raise click.ClickException(str(refused)) from refused


def _tell(outcome: Outcome, as_json: bool) -> None:
    if as_json:
        click.echo(json.dumps(outcome.as_json(), ensure_ascii=False))
        return
    click.echo(f"{'':24}{'today':>28}{'changed':>28}{'difference':>28}")
    for line in (*outcome.figures, *outcome.groups):
        told = "".join(
            f"{_words(each):>28}" for each in (line.today, line.changed, line.difference)
        )
        click.echo(f"{line.key:24}{told}{'  *' if line.clear else ''}")
    for code, about in outcome.warnings:
        click.echo(f"! {code}: {about}")


def _words(estimate: Estimate | None) -> str:
    if estimate is None:
        return "–"
    return f"{estimate.mean:.2f} [{estimate.low:.2f}, {estimate.high:.2f}]"


def _tell_check(found: object, as_json: bool) -> None:
    from dataclasses import asdict

    from broker_crm.analysis.simulation.calibration import Calibration

    assert isinstance(found, Calibration)
    if as_json:
        click.echo(json.dumps(asdict(found), ensure_ascii=False))
    else:
        click.echo(f"{found.verdict}: learned from {found.learned}, checked on {found.checked}")
        for each in found.checks:
            told = f"{each.observed:8.2f} in [{each.low:.2f}, {each.high:.2f}], n={each.n}"
            verdict = "" if each.kept else "  few" if each.small else "  MISSED"
            click.echo(f"{each.what:14}{each.step or '':28}{told}{verdict}")
    if found.verdict == "rejected":
        sys.exit(1)


def main(run_id: int) -> None:
    """Compute one stored simulation, at low priority."""
    from broker_crm.analysis.simulation.stored import carry_out
    from broker_crm.db import sessions

    os.nice(NICE)
    with operating.database(environment.load()) as engine:
        carry_out(sessions(engine), run_id)


if __name__ == "__main__":
    main(int(sys.argv[1]))
