"""The operators' commands: check, backup, restore, release-mail."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from time import monotonic
from typing import TYPE_CHECKING

import click

from broker_crm import settings as environment
from broker_crm.settings import Settings

if TYPE_CHECKING:
    from sqlalchemy import Engine

    from broker_crm.integrity import Violation

CHOICES = ("send", "ask", "give-up")
FILE = click.Path(dir_okay=False, path_type=Path)


@contextmanager
def database(settings: Settings) -> Iterator[Engine]:
    """The database, refused when it is not migrated to this release.

    Raises:
        SchemaTooNew, SchemaTooOld: when it is not.
    """
    from broker_crm.db import connect
    from broker_crm.schema import require_current

    engine = connect(settings.database_url)
    try:
        require_current(engine)
        yield engine
    finally:
        engine.dispose()


@click.command()
@click.option("--json", "as_json", is_flag=True, help="What was found as one JSON list.")
def check(as_json: bool) -> None:
    """Verify the invariants of the whole database; exit 1 with a list when one is broken."""
    from sqlalchemy.orm import Session

    from broker_crm.db import snapshot
    from broker_crm.integrity import violations

    with (
        database(environment.load()) as engine,
        snapshot(engine) as connection,
        Session(connection) as session,
    ):
        found = list(violations(session, _Progress()))
    if as_json:
        click.echo(json.dumps([each.as_dict() for each in found], ensure_ascii=False))
    else:
        _tell(found)
    if any(not each.warning for each in found):
        sys.exit(1)


@click.command()
@click.argument("file", type=FILE)
def backup(file: Path) -> None:
    """Write a consistent copy of the database into FILE while everything goes on."""
    from broker_crm.backup import back_up

    with database(environment.load()) as engine:
        taken = back_up(engine, file)
    size = file.stat().st_size
    click.echo(f"{file}: {taken.rows} rows of {len(taken.tables)} tables, {size / 1e6:.1f} MB.")


@click.command()
@click.argument("file", type=FILE)
@click.option("--into", "url", help="Another database than that of DATABASE_URL.")
def restore(file: Path, url: str | None) -> None:
    """Make a database from a backup; it must be empty or new. Outgoing mail is held."""
    from broker_crm.backup import restore as restore_backup

    given = {"DATABASE_URL": url} if url else {}
    settings = environment.load({**os.environ, **given})
    settings.make_data_dir()
    restored = restore_backup(file, settings.database_url)
    click.echo(
        f"Restored {restored.rows} rows of {restored.tables} tables as of "
        f"{restored.taken_at:%Y-%m-%d %H:%M:%S}Z. Everybody signs in again; API tokens are revoked."
    )
    click.echo(
        f"Outgoing mail is held: {restored.letters} letters wait, {restored.in_doubt} are in doubt."
        " When this is the system that goes on, run: broker-crm release-mail --by LOGIN"
    )
    _tell(restored.found)
    if any(not each.warning for each in restored.found):
        sys.exit(1)


@click.command("release-mail")
@click.option("--by", required=True, help="Login of the administrator who decides.")
@click.option(
    "--copied",
    type=click.Choice(CHOICES),
    help="What becomes of letters that waited already when the backup was made: the original "
    "system may have sent them. 'ask' lets a manager decide about each.",
)
@click.option("--dry-run", is_flag=True, help="Only tell what waits.")
def release_mail(by: str, copied: str | None, dry_run: bool) -> None:
    """Let a restored copy send letters again."""
    from broker_crm.db import sessions
    from broker_crm.outreach import hold

    with database(environment.load()) as engine, sessions(engine).begin() as session:
        if dry_run:
            held = hold.open_hold(session)
            if held is None:
                raise hold.MailNotHeld("Outgoing mail is not held.")
            found = hold.waiting(session, held)
            click.echo(f"Held since {held.since:%Y-%m-%d %H:%M}Z: {held.reason}")
            click.echo(f"{found.copied} letters waited in the backup; {found.new} are new.")
            return
        choice = hold.Copied(copied) if copied else None
        found = hold.release_mail(session, choice, by=by)
    going_out = found.new + (found.copied if copied == "send" else 0)
    click.echo(f"Outgoing mail is released: {going_out} letters go out.")
    if found.copied and copied != "send":
        fate = "are in doubt until a manager decides" if copied == "ask" else "are given up"
        click.echo(f"{found.copied} letters from the backup {fate}.")


def _tell(found: list[Violation]) -> None:
    for each in found:
        click.echo(str(each))
    if all(each.warning for each in found):
        click.echo("All invariants hold.")


class _Progress:
    """Tells on a terminal how far a long check is."""

    def __init__(self) -> None:
        self.last = monotonic()

    def __call__(self, sentence: str, number: int, count: int, rows: int) -> None:
        if not sys.stderr.isatty() or monotonic() - self.last < 1:
            return
        self.last = monotonic()
        looked_at = f" ({rows} looked at)" if rows else ""
        click.echo(f"[{number}/{count}] {sentence}{looked_at}", err=True)
