"""A backup holds everything, exactly; restored, into either database, work goes on."""

from __future__ import annotations

import json
import os
import stat
import threading
import zipfile
from decimal import Decimal
from pathlib import Path

import pytest
from sqlalchemy import func, select, text

from broker_crm.backup import AlreadyThere, back_up
from broker_crm.crm.models import Insurer, Product, StandardTerms
from broker_crm.integrity import violations
from broker_crm.people.models import Team
from broker_crm.process.models import ProcessEvent, ProcessInstance, TaskStatus, UserTask
from broker_crm.schema import differences
from tests.outreach import bureau

from .conftest import Empty, Original, Types

SETTLED = {"user_account", "api_token", "mail_hold"}
"""Tables that differ in a copy on purpose."""


@pytest.mark.parametrize("kind", ["sqlite", "postgresql"])
def test_a_copy_has_the_same_rows_in_either_database(
    original: Original, empty: Empty, kind: str, tmp_path: Path
) -> None:
    _awkward_values(original)
    taken = original.back_up()
    copy = original.copy(empty(kind))
    again = back_up(original.copies[-1], tmp_path / "again.backup")
    before = {table.name: (table.rows, table.sha256) for table in taken.tables}
    after = {table.name: (table.rows, table.sha256) for table in again.tables}
    assert {name for name in before if before[name] != after[name]} <= SETTLED
    assert taken.rows > 100
    with copy() as session:
        assert list(violations(session)) == []
        assert differences(session.connection()) == []


def _awkward_values(original: Original) -> None:
    with original.factory.begin() as session:
        session.add(Team(key="š", name="Žąsų „komanda“ \U0001f98a\n\t\\"))
        session.add(Insurer(id=7, name="Draudikas"))
        session.flush()
        product = session.scalars(select(Product.id)).one()
        session.add(
            StandardTerms(
                insurer_id=7,
                product_id=product,
                valid_from=bureau.clock.now().date(),
                premium_rate=Decimal("0.000001"),
                minimum_premium=Decimal("9999999999.99"),
                deductible=Decimal(0),
                commission_percent=Decimal("12.5"),
                maximum_discount_percent=Decimal(5),
            )
        )
        event = session.scalars(select(ProcessEvent).order_by(ProcessEvent.id)).first()
        assert event is not None
        event.value = {"ž": [1, 1.0, 1e300, 123456789012345678901234567890, None, ""]}
        session.execute(
            text("UPDATE process_event SET value = NULL WHERE kind = 'instance-completed'")
        )


@pytest.mark.parametrize("kind", ["sqlite", "postgresql"])
def test_work_goes_on_in_a_copy(original: Original, empty: Empty, kind: str) -> None:
    original.back_up()
    copy = original.copy(empty(kind))
    with copy() as session:
        highest = session.scalar(select(func.max(ProcessEvent.id))) or 0
        waiting = select(UserTask).where(
            UserTask.status == TaskStatus.OPEN, UserTask.element_id == "write"
        )
        task = session.scalars(waiting.order_by(UserTask.created_at)).first()
        assert task is not None
    bureau.write(copy, task.instance_id)
    bureau.begin(copy)
    with copy() as session:
        assert (session.scalar(select(func.min(ProcessEvent.id))) or 0) <= highest
        assert (session.scalar(select(func.max(ProcessEvent.id))) or 0) > highest
        assert session.scalar(select(func.count(ProcessEvent.id.distinct()))) == session.scalar(
            select(func.count()).select_from(ProcessEvent)
        )
        assert list(violations(session)) == []


def test_a_backup_in_a_storm_has_each_completion_wholly_or_not_at_all(
    original: Original, another: str
) -> None:
    cases = [bureau.begin(original.factory) for _ in range(24)]
    middle = threading.Event()

    def storm() -> None:
        for number, case in enumerate(cases):
            bureau.write(original.factory, case)
            if number == 4:
                middle.set()

    working = threading.Thread(target=storm)
    working.start()
    assert middle.wait(60)
    original.back_up()
    working.join()
    copy = original.copy(another)
    with copy() as session:
        assert list(violations(session)) == []
        letters = session.scalar(text("SELECT count(*) FROM letter"))
        written = select(func.count()).where(
            UserTask.element_id == "write", UserTask.status == TaskStatus.COMPLETED
        )
        assert letters == session.scalar(written)
        assert session.scalar(select(func.count()).select_from(ProcessInstance)) == 31


def test_writers_do_not_wait_for_a_backup(
    original: Original, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A case that is completed in the middle of a backup is committed, and not in the backup."""
    from broker_crm.backup import taking

    copying = taking._copy
    written: list[object] = []

    def copy_and_write(*arguments: object) -> object:
        made = copying(*arguments)  # type: ignore[arg-type]
        if not written:
            written.append(bureau.begin(original.factory))
        return made

    monkeypatch.setattr(taking, "_copy", copy_and_write)
    taken = original.back_up()
    counted = {table.name: table.rows for table in taken.tables}
    with original.factory() as session:
        now = session.scalar(select(func.count()).select_from(ProcessInstance)) or 0
    assert counted["process_instance"] == now - 1


def test_the_file_is_its_owners_alone_and_never_overwritten(original: Original) -> None:
    original.back_up()
    before = original.file.read_bytes()
    assert stat.S_IMODE(original.file.stat().st_mode) == 0o600
    with pytest.raises(AlreadyThere, match="Choose another name"):
        original.back_up()
    assert original.file.read_bytes() == before
    assert [each.name for each in original.file.parent.glob(".*")] == []


def test_a_backup_that_fails_leaves_no_file(
    original: Original, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(_descriptor: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(Exception, match="No space left on device"):
        original.back_up()
    assert not original.file.exists()
    assert list(original.file.parent.glob(".*")) == []


def test_the_file_holds_no_secret_key_and_no_heartbeat(original: Original) -> None:
    with original.factory.begin() as session:
        session.execute(
            text("INSERT INTO heartbeat (part, at) VALUES ('worker a:1', '2026-01-01')")
        )
    taken = original.back_up()
    with zipfile.ZipFile(original.file) as archive:
        names = {name for name in archive.namelist() if not name.startswith("tables/")}
        manifest = json.loads(archive.read("manifest.json"))
    assert names == {"manifest.json"}
    assert {table.name: table.rows for table in taken.tables}["heartbeat"] == 0
    assert manifest["schema"] and manifest["takenAt"] == "2026-11-23T08:00:00+00:00"


def test_the_commands_tell_what_they_did(original: Original, another: str, types: Types) -> None:
    url = original.engine.url.render_as_string(hide_password=False)
    taken = types(url, "backup", original.file)
    assert (taken.returncode, taken.stderr) == (0, "") and "rows of" in taken.stdout
    again = types(url, "backup", original.file)
    assert again.returncode == 1 and "exists already" in again.stderr
    restored = types(url, "restore", original.file, "--into", another)
    assert (restored.returncode, restored.stderr) == (0, "")
    assert "Outgoing mail is held: 1 letters wait, 1 are in doubt." in restored.stdout
    assert restored.stdout.endswith("All invariants hold.\n")


def test_a_check_runs_while_others_write(original: Original, types: Types) -> None:
    url = original.engine.url.render_as_string(hide_password=False)
    with original.factory.begin() as session:
        session.add(Team(key="north", name="North"))
        session.flush()
        done = types(url, "check", "--json")
    assert done.returncode == 0
    assert [each for each in json.loads(done.stdout) if each["severity"] == "error"] == []
