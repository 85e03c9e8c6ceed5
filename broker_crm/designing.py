"""The designers' commands about versions: diff, migrate."""

from __future__ import annotations

import sys
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Any
from uuid import UUID

import click

from broker_crm import operating
from broker_crm import settings as environment

if TYPE_CHECKING:
    from sqlalchemy.orm import Session, sessionmaker

    from broker_crm.definitions.comparison import Change
    from broker_crm.definitions.comparison.comparing import Files

SHOWN = 20
"""Cases that are named, of those that can't be moved."""
LONGEST = 120
"""Characters of a text that one line shows."""


@click.command()
@click.argument("process")
@click.argument("before")
@click.argument("after")
def diff(process: str, before: str, after: str) -> None:
    """Tell what differs between two versions of PROCESS; exit 1 when something does.

    BEFORE and AFTER are numbers of published versions, or folders that hold bpmn/ and forms/.
    """
    from broker_crm.db import sessions
    from broker_crm.definitions.comparison import compare

    with operating.database(environment.load()) as engine, sessions(engine)() as session:
        comparison = compare(_files(session, process, before), _files(session, process, after))
    for change in comparison:
        click.echo(str(change))
        for line in _lines(change):
            click.echo(f"    {line}")
    if comparison:
        sys.exit(1)
    click.echo("Nothing differs.")


@click.command()
@click.argument("process")
@click.argument("before", type=int, metavar="FROM")
@click.argument("after", type=int, metavar="TO")
@click.option("--by", required=True, help="Login of the designer or manager who orders it.")
@click.option("--note", default="", help="Why, for those who read it later.")
@click.option("--dry-run", is_flag=True, help="Only tell what would happen.")
@click.option("--yes", is_flag=True, help="Move all that can be moved without asking.")
def migrate(
    process: str, before: int, after: int, by: str, note: str, dry_run: bool, yes: bool
) -> None:
    """Move the running cases of PROCESS from version FROM to version TO.

    Each case is rehearsed first: moved and put back at once. Those that the other version has no
    place for stay where they are, and it is told why.
    """
    from broker_crm.composition import compose
    from broker_crm.db import sessions
    from broker_crm.process import migration

    compose()
    with operating.database(environment.load()) as engine:
        factory = sessions(engine)
        with factory.begin() as session:
            source, target = (_version(session, process, number) for number in (before, after))
            ordered = migration.begin(session, source, target, by=by, note=note).id
        states = _carried_on(factory, ordered)
        _tell(factory, ordered, states)
        fit = states[migration.ItemState.FITS]
        if dry_run or not fit or not (yes or click.confirm(f"Move {fit} cases?")):
            with factory.begin() as session:
                migration.give_up(session, ordered, by=by)
            click.echo("Nothing was moved.")
            return
        with factory.begin() as session:
            migration.choose(session, ordered, by=by)
        _tell(factory, ordered, _carried_on(factory, ordered))
        click.echo(f"To take it back: broker-crm undo-migration {ordered} --by {by}")


@click.command("undo-migration")
@click.argument("migration_id", type=click.UUID)
@click.option("--by", required=True, help="Login of the designer or manager who orders it.")
def undo_migration(migration_id: UUID, by: str) -> None:
    """Take the cases of a migration back to the version that they came from."""
    from broker_crm.composition import compose
    from broker_crm.db import sessions
    from broker_crm.process import migration

    compose()
    with operating.database(environment.load()) as engine:
        factory = sessions(engine)
        with factory.begin() as session:
            migration.undo(session, migration_id, by=by)
        _tell(factory, migration_id, _carried_on(factory, migration_id))


def _files(session: Session, process: str, named: str) -> Files:
    """Of a published version, or of the process in a folder."""
    from broker_crm.definitions.bundle import read_folder
    from broker_crm.definitions.lint import project_root
    from broker_crm.definitions.models import ResourceKind
    from broker_crm.definitions.published import NotPublished, resources

    if named.isdigit():
        version_id = _version(session, process, int(named))
        return {kind: resources(session, version_id, kind) for kind in ResourceKind}
    folder = Path(named)
    if not folder.exists():
        raise NotPublished(f"“{named}” is neither the number of a version nor a folder.")
    for bundle in read_folder(project_root(folder)):
        if bundle.process_key == process:
            return {kind: bundle.of(kind) for kind in ResourceKind}
    raise NotPublished(f"The folder {named} holds no process “{process}”.")


def _version(session: Session, process: str, number: int) -> int:
    from sqlalchemy import select

    from broker_crm.definitions.models import ProcessVersion
    from broker_crm.definitions.published import NotPublished

    found = session.scalar(
        select(ProcessVersion.id).where(
            ProcessVersion.process_key == process, ProcessVersion.number == number
        )
    )
    if found is None:
        raise NotPublished(f"The process “{process}” has no version {number}.")
    return found


def _lines(change: Change) -> list[str]:
    return [
        line if len(line) <= LONGEST else f"{line[:LONGEST]}…"
        for detail in change.details
        for line in str(detail).splitlines()
    ]


def _carried_on(factory: sessionmaker[Session], migration_id: UUID) -> Counter[Any]:
    """Do what was ordered; how many cases are in which state then."""
    from sqlalchemy import func, select

    from broker_crm.process import migration
    from broker_crm.process.migration.models import PENDING

    item = migration.MigrationItem
    counted = select(item.state, func.count()).where(item.migration_id == migration_id)
    while True:
        migration.carry_on(factory, only=migration_id)
        with factory() as session:
            if session.get_one(migration.Migration, migration_id).phase not in PENDING:
                rows = session.execute(counted.group_by(item.state)).all()
                return Counter({migration.ItemState(state): count for state, count in rows})


def _tell(factory: sessionmaker[Session], migration_id: UUID, states: Counter[Any]) -> None:
    from sqlalchemy import select

    from broker_crm.process import migration

    told = ", ".join(f"{count} {state}" for state, count in sorted(states.items()) if count)
    click.echo(f"{states.total()} cases: {told or 'none runs on that version'}.")
    item = migration.MigrationItem
    left = select(item).where(
        item.migration_id == migration_id,
        item.state.in_([migration.ItemState.STAYS, migration.ItemState.KEPT]),
    )
    with factory() as session:
        for each in session.scalars(left.order_by(item.instance_id).limit(SHOWN)):
            click.echo(f"    {each.instance_id}: {(each.reason or {}).get('text', '')}")
