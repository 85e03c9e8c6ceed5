"""The analysts' commands: export, import-log, logs and delete-log."""

from __future__ import annotations

import sys
from datetime import datetime
from pathlib import Path
from uuid import UUID

import click

from broker_crm import operating
from broker_crm import settings as environment

FORMATS = ("xes", "ocel", "csv", "parquet")
DAY = click.DateTime(["%Y-%m-%d"])
FILE = click.Path(path_type=Path)
EXISTING = click.Path(exists=True, dir_okay=False, path_type=Path)


@click.command()
@click.argument("kind", type=click.Choice(FORMATS))
@click.argument("file", type=FILE)
@click.option("--process", help="Key of the process; all without it.")
@click.option("--from", "start", type=DAY, help="Cases that began on this day or later.")
@click.option("--to", "end", type=DAY, help="Cases that began on this day or earlier.")
@click.option("--masked", is_flag=True, help="Pseudonyms for people, clients and records.")
@click.option(
    "--columns",
    type=click.Choice(("disco", "celonis")),
    default="disco",
    show_default=True,
    help="Names of the columns of CSV.",
)
@click.option("--force", is_flag=True, help="Replace a file that is there.")
def export(
    kind: str,
    file: Path,
    process: str | None,
    start: datetime | None,
    end: datetime | None,
    masked: bool,
    columns: str,
    force: bool,
) -> None:
    """Write the work as an event log: XES, OCEL 2.0 (.json or .sqlite), CSV or Parquet.

    Parquet is three files in a folder, or in a .zip.
    """
    from broker_crm.analysis.eventlogs.choosing import Chosen, processes
    from broker_crm.analysis.eventlogs.exporting import ExportRefused, note, one_moment, write
    from broker_crm.analysis.eventlogs.pseudonyms import Names
    from broker_crm.db import sessions

    settings = environment.load()
    chosen = Chosen(process, start.date() if start else None, end.date() if end else None)
    if start is not None and end is not None and start > end:
        raise click.BadParameter("The period begins after its end.", param_hint="--from")
    names = Names(settings.data_key if masked else None)
    with operating.database(settings) as engine:
        with one_moment(engine) as session:
            known = processes(session)
            if process is not None and process not in known:
                raise ExportRefused(f"There is no process “{process}”. Known: {', '.join(known)}.")
            done = write(session, kind, file, chosen, names, columns=columns, force=force)
        with sessions(engine).begin() as session:
            note(session, kind, chosen, names, done, by=None)
    click.echo(f"{file}: {done.events} events, {done.size / 1e6:.1f} MB.")


@click.command("import-log")
@click.argument("file", type=EXISTING)
@click.option("--name", default="", help="For the list; the file's name without it.")
@click.option(
    "--column",
    "columns",
    multiple=True,
    metavar="FIELD=COLUMN",
    help="Which column holds what, such as case=ID; for those that are not found by their names.",
)
@click.option("--time", help="How times are written, such as “%d.%m.%Y %H:%M”.")
@click.option("--round-the-clock", is_flag=True, help="Count nights and weekends too.")
@click.option("--skip", is_flag=True, help="Leave out rows that can't be read.")
def import_log(
    file: Path,
    name: str,
    columns: tuple[str, ...],
    time: str | None,
    round_the_clock: bool,
    skip: bool,
) -> None:
    """Bring in a foreign event log, XES or CSV, packed with gzip or not, to look into it."""
    from broker_crm.analysis.eventlogs import keeping
    from broker_crm.analysis.eventlogs.fields import Reading
    from broker_crm.db import sessions

    with operating.database(environment.load()) as engine:
        factory = sessions(engine)
        with file.open("rb") as opened, factory.begin() as session:
            log = keeping.receive(
                session, opened, file.name, by=None, name=name, limits=keeping.BY_COMMAND
            )
        try:
            reading = keeping.changed(log, Reading.of(log.mapping), columns, time, skip=skip)
            for field, place in reading.columns.items():
                click.echo(f"{field}: {log.columns[place]['name']}", err=True)
            found = keeping.tried(log, reading, round_the_clock=round_the_clock)
            with factory.begin() as session:
                keeping.confirm(
                    session, log.id, reading, round_the_clock=round_the_clock, found=found
                )
        except BaseException:
            with factory.begin() as session:
                keeping.throw_away(session, log.id, by=None)
            raise
        click.echo(f"{log.id}  {log.name}: {found.cases} cases, {found.steps} steps.")
        if found.problem_count:
            click.echo(f"{found.problem_count} rows were left out.", err=True)


@click.command("logs")
def logs() -> None:
    """List the foreign event logs, newest first."""
    from broker_crm.analysis.eventlogs import keeping
    from broker_crm.db import sessions

    with operating.database(environment.load()) as engine, sessions(engine)() as session:
        for log in keeping.logs(session):
            state = f"{log.cases} cases, {log.steps} steps" if log.read else "columns not told yet"
            click.echo(f"{log.id}  {log.at:%Y-%m-%d %H:%M}Z  {log.by or '-'}  {log.name}: {state}")


@click.command("delete-log")
@click.argument("log_id", type=click.UUID)
def delete_log(log_id: UUID) -> None:
    """Delete a foreign event log; exit 1 when there is none of this id."""
    from broker_crm.analysis.eventlogs import keeping
    from broker_crm.db import sessions

    with operating.database(environment.load()) as engine, sessions(engine).begin() as session:
        if not keeping.throw_away(session, log_id, by=None):
            click.echo("There is no such log. List them with: broker-crm logs", err=True)
            sys.exit(1)
