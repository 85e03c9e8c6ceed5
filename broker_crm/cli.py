"""The command line: each command reads its arguments, calls one function and prints."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import click

from broker_crm import designing, event_logs, operating, simulating, trying
from broker_crm import settings as environment
from broker_crm.settings import Settings

if TYPE_CHECKING:
    from sqlalchemy.orm import Session, sessionmaker

EXISTING = click.Path(exists=True, path_type=Path)


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
def commands() -> None:
    """broker_crm: the CRM for insurance brokers in which the process is the program."""


@commands.command()
@click.option("--stop-with-parent", is_flag=True, help="Stop when the calling program ends.")
def run(stop_with_parent: bool) -> None:
    """Start everything with embedded Redis and, at first, sample data; Ctrl-C stops it."""
    from broker_crm import child_process, supervisor

    if stop_with_parent:
        child_process.stop_with_parent()
    os.environ.setdefault("BROKER_CRM_DEMO", "1")
    supervisor.run(_settings())


@commands.command()
def prepare() -> None:
    """Migrate the database, publish bpmn/ and, in a demo, load sample data the first time."""
    from broker_crm.preparation import prepare as prepare_database

    prepare_database(_settings())


@commands.command()
def serve() -> None:
    """Serve the pages and the JSON API."""
    from broker_crm.web import serving

    settings = _settings()
    settings.make_data_dir()
    with _ready_database():
        pass
    command = serving.command(settings)
    os.execve(command[0], command, serving.environment_of(settings))  # noqa: S606


@commands.command()
def worker() -> None:
    """Fire due timers, send letters, run imports."""
    from broker_crm.worker import main as work

    with _ready_database():
        pass
    work()


@commands.command()
@click.argument("paths", nargs=-1, required=True, type=EXISTING)
@click.option("--json", "as_json", is_flag=True, help="Findings as one JSON list.")
def lint(paths: tuple[Path, ...], as_json: bool) -> None:
    """Check diagrams, decision tables, forms and templates; exit 1 on errors."""
    from broker_crm.definitions.checking import check_paths
    from broker_crm.definitions.findings import Severity

    findings = check_paths(list(paths))
    if as_json:
        click.echo(json.dumps([finding.as_dict() for finding in findings], ensure_ascii=False))
    else:
        for finding in findings:
            click.echo(str(finding))
        if not findings:
            click.echo("Nothing found.")
    if any(finding.severity is Severity.ERROR for finding in findings):
        sys.exit(1)


@commands.command()
@click.argument("paths", nargs=-1, required=True, type=EXISTING)
@click.option("--note", default="", help="What has changed, for those who read the versions.")
def publish(paths: tuple[Path, ...], note: str) -> None:
    """Publish what has changed as new process versions; nothing when anything is refused.

    The scenarios of what has changed are lived through first; one that is not kept refuses.
    """
    from broker_crm.definitions.checking import check_paths
    from broker_crm.definitions.findings import DiagramRejected, Severity
    from broker_crm.definitions.publish import publish_folder
    from broker_crm.scenarios import gate, storing

    findings = check_paths(list(paths))
    if any(finding.severity is Severity.ERROR for finding in findings):
        raise DiagramRejected(findings)
    with _session() as session:
        trials = [gate.of_folder(session, path) for path in paths]
    warnings = [finding for trial in trials for finding in gate.passed(trial)]
    with _session() as session:
        published = [
            version for path in paths for version in publish_folder(session, path, note=note)
        ]
        for path in paths:
            warnings += storing.take_in(session, path)
    for warning in warnings:
        click.echo(str(warning), err=True)
    for version in published:
        click.echo(f"{version.process_key}: version {version.number}")
    if not published:
        click.echo("Nothing has changed.")


@commands.command()
@click.argument("folder", type=click.Path(file_okay=False, path_type=Path))
@click.option("--published", is_flag=True, help="Without the designers' drafts.")
@click.option("--force", is_flag=True, help="Overwrite files that were changed in the folder.")
def checkout(folder: Path, published: bool, force: bool) -> None:
    """Write the designers' files into a folder as bpmn/ and forms/; exit 1 when some differ."""
    from broker_crm.definitions.workspace.files import published_files, workspace_files
    from broker_crm.definitions.workspace.transfer import check_out

    with _session() as session:
        files = published_files(session) if published else workspace_files(session)
    done = check_out(files, folder, force=force)
    for path in done.written:
        click.echo(f"written: {path}")
    for path in done.differing:
        click.echo(f"left as it is, it differs: {path}", err=True)
    if done.differing:
        _fail("Compare these files, or overwrite them with --force.")
    if not done.written:
        click.echo("The folder is up to date.")


@commands.command()
def versions() -> None:
    """List the published process versions, newest first."""
    from sqlalchemy import select

    from broker_crm.definitions.models import ProcessVersion

    with _session() as session:
        newest_first = select(ProcessVersion).order_by(
            ProcessVersion.process_key, ProcessVersion.number.desc()
        )
        for version in session.scalars(newest_first):
            click.echo(
                f"{version.process_key} {version.number}  {version.published_at:%Y-%m-%d %H:%M}Z  "
                f"{version.content_hash[:12]}  {version.author or '-'}  {version.note}"
            )


@commands.command()
@click.option("--scale", default=1, show_default=True, type=click.IntRange(1, 1000))
@click.option("--history/--no-history", default=True, help="With policies and two years of cases.")
def seed(scale: int, history: bool) -> None:
    """Load deterministic sample data: people, clients, products, two years of cases."""
    from broker_crm.composition import compose
    from broker_crm.sample.seeding import seed as load_sample

    compose()
    with _database() as factory:
        loaded = load_sample(factory, _settings(), scale=scale, history=history)
    click.echo("Sample data is loaded." if loaded else "There are clients already; nothing done.")


@commands.command()
@click.argument("user")
@click.option("--note", default="", help="What the token is for.")
def token(user: str, note: str) -> None:
    """Make a bearer token for the JSON API; it is shown once."""
    from broker_crm.people.tokens import create_token

    with _session() as session:
        made = create_token(session, user, note=note)
    click.echo(made)


commands.add_command(designing.diff)
commands.add_command(designing.migrate)
commands.add_command(designing.undo_migration)
commands.add_command(trying.try_)
commands.add_command(simulating.simulate)
commands.add_command(operating.check)
commands.add_command(operating.backup)
commands.add_command(operating.restore)
commands.add_command(operating.release_mail)
commands.add_command(event_logs.export)
commands.add_command(event_logs.import_log)
commands.add_command(event_logs.logs)
commands.add_command(event_logs.delete_log)


def main(arguments: Sequence[str] | None = None) -> None:
    """The program `broker-crm`.

    Args:
        arguments: words to read instead of the process's own.
    """
    try:
        commands(arguments, prog_name="broker-crm")
    except Exception as error:
        if type(error).__name__ == "OperationalError":
            reason = str(getattr(error, "orig", error)).splitlines()[0]
            _fail(f"The database can't be reached or used: {reason}")
        if not type(error).__module__.startswith("broker_crm."):
            raise
        _fail(str(error))


def _fail(message: str) -> None:
    click.echo(message, err=True)
    sys.exit(1)


def _settings() -> Settings:
    return environment.load()


@contextmanager
def _session() -> Iterator[Session]:
    """One transaction, committed when the block ends well."""
    with _database() as factory, factory.begin() as session:
        yield session


@contextmanager
def _database() -> Iterator[sessionmaker[Session]]:
    """The database, refused when it is not migrated to this release."""
    from broker_crm.db import sessions

    with operating.database(_settings()) as engine:
        yield sessions(engine)


@contextmanager
def _ready_database() -> Iterator[sessionmaker[Session]]:
    """The database for a part that goes on running: migrated, and not another machine's SQLite."""
    from broker_crm.one_machine import require_one_machine

    with _database() as factory:
        require_one_machine(factory.kw["bind"])
        yield factory


if __name__ == "__main__":
    main()
