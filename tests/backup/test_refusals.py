"""What can't be restored is refused with a clear word, and leaves nothing behind."""

from __future__ import annotations

import hashlib
import json
import random
import zipfile
from collections.abc import Callable
from itertools import compress
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import create_engine, inspect, text

from broker_crm import schema
from broker_crm.backup import (
    BackupDamaged,
    BackupRefused,
    BackupTooNew,
    DatabaseNotEmpty,
    NotABackup,
    restore,
)
from broker_crm.integrity import violations

from .conftest import Original, Types

DIES = (
    "import os, signal\nfrom broker_crm.backup import restoring\n"
    "restoring.{0} = lambda *_: os.kill(os.getpid(), signal.SIGKILL)"
)


def is_untouched(url: str) -> bool:
    if url.startswith("sqlite"):
        return not Path(url.removeprefix("sqlite:///")).exists()
    engine = create_engine(url)
    try:
        return inspect(engine).get_table_names() == []
    finally:
        engine.dispose()


def rewritten(file: Path, change: Callable[[dict[str, Any]], None], without: str = "") -> None:
    """The backup again with another manifest, and perhaps without a table."""
    with zipfile.ZipFile(file) as archive:
        members = {name: archive.read(name) for name in archive.namelist()}
    manifest = json.loads(members["manifest.json"])
    change(manifest)
    members["manifest.json"] = json.dumps(manifest).encode()
    members.pop(f"tables/{without}.jsonl", None)
    with zipfile.ZipFile(file, "w") as archive:
        for name, content in members.items():
            archive.writestr(name, content)


def test_a_file_cut_short_anywhere_is_refused(original: Original, another: str) -> None:
    original.back_up()
    whole = original.file.read_bytes()
    for share in (0.0, 0.001, 0.1, 0.5, 0.9, 0.999):
        original.file.write_bytes(whole[: int(len(whole) * share)])
        with pytest.raises((BackupDamaged, NotABackup), match=r"nightly\.backup is"):
            original.restore(another)
    original.file.write_bytes(whole[:-1])
    with pytest.raises(BackupDamaged, match="cut short"):
        original.restore(another)
    assert is_untouched(another)


def test_a_changed_byte_is_refused_or_changes_nothing(sqlite_original: Original) -> None:
    """ZIP has fields that nobody reads; what is read is guarded, to the last byte."""
    original = sqlite_original
    original.back_up()
    whole = original.file.read_bytes()
    chance = random.Random(7)
    refused = 0
    from broker_crm.backup.archive import Backup

    def content() -> list[Any]:
        with Backup(original.file) as backup:
            backup.verify()
            return [
                list(backup.rows(table))
                for table in backup.manifest.tables
                if table.name in {"user_account", "timer"}
            ]

    expected = content()
    for _ in range(150):
        place = chance.randrange(len(whole))
        changed = bytearray(whole)
        changed[place] ^= 1 << chance.randrange(8)
        original.file.write_bytes(changed)
        try:
            assert content() == expected
        except BackupRefused:
            refused += 1
    assert refused > 100


@pytest.mark.parametrize(
    "content", [b"", b"SQLite format 3\0" + b"\0" * 100, b"PK\x05\x06" + b"\0" * 18]
)
def test_another_kind_of_file_is_refused(
    sqlite_original: Original, content: bytes, tmp_path: Path
) -> None:
    other = tmp_path / "letter.pdf"
    other.write_bytes(content)
    with pytest.raises(NotABackup, match="not a backup of this product"):
        restore(other, f"sqlite:///{tmp_path}/copy.sqlite3")
    with pytest.raises(NotABackup, match="can't be read: No such file"):
        restore(tmp_path / "gone", f"sqlite:///{tmp_path}/copy.sqlite3")


def test_newer_and_foreign_manifests_are_refused(original: Original, another: str) -> None:
    original.back_up()
    whole = original.file.read_bytes()
    cases: list[tuple[type[BackupRefused], str, dict[str, Any]]] = [
        (BackupTooNew, "format 2; this release reads format 1", {"formatVersion": 2}),
        (BackupTooNew, "revision 9999", {"schema": "9999"}),
        (NotABackup, "not a backup", {"format": "another"}),
        (BackupDamaged, "manifest.json", {"tables": [{"name": "x"}]}),
        (BackupDamaged, "manifest.json", {"takenAt": "yesterday"}),
    ]
    for error, words, change in cases:
        original.file.write_bytes(whole)
        rewritten(original.file, lambda manifest, change=change: manifest.update(change))
        with pytest.raises(error, match=words):
            original.restore(another)
    assert is_untouched(another)


def test_a_missing_or_exchanged_table_is_refused(original: Original, another: str) -> None:
    original.back_up()
    whole = original.file.read_bytes()
    rewritten(original.file, lambda manifest: None, without="timer")
    with pytest.raises(BackupDamaged, match="timer"):
        original.restore(another)
    original.file.write_bytes(whole)

    def rename(manifest: dict[str, Any]) -> None:
        for table in manifest["tables"]:
            if table["name"] == "timer":
                columns = table["columns"]
                table["columns"] = {("x" if k == "due_at" else k): v for k, v in columns.items()}

    rewritten(original.file, rename)
    with pytest.raises(BackupDamaged, match="columns of timer"):
        original.restore(another)
    assert is_untouched(another)


def test_a_database_with_something_in_it_is_refused(original: Original) -> None:
    original.back_up()
    url = original.engine.url.render_as_string(hide_password=False)
    with pytest.raises(DatabaseNotEmpty, match="broker-crm restore FILE --into URL"):
        original.restore(url)


def test_the_remains_of_another_database_are_refused(
    sqlite_original: Original, tmp_path: Path
) -> None:
    sqlite_original.back_up()
    (tmp_path / "copy.sqlite3-wal").write_bytes(b"old")
    with pytest.raises(DatabaseNotEmpty, match=r"copy\.sqlite3-wal is left of another"):
        sqlite_original.restore(f"sqlite:///{tmp_path}/copy.sqlite3")
    assert not (tmp_path / "copy.sqlite3").exists()


@pytest.mark.parametrize("where", ["_load", "violations"])
def test_a_killed_restore_leaves_nothing_and_can_be_repeated(
    original: Original, another: str, types: Types, where: str
) -> None:
    original.back_up()
    killed = types(another, "restore", original.file, before=DIES.format(where))
    assert killed.returncode == -9
    assert is_untouched(another)
    copy = original.copy(another)
    with copy() as session:
        assert list(violations(session)) == []


def as_an_older_release_made_it(file: Path, revision: str, scratch: Path) -> None:
    """The backup without the tables and columns that came after a revision."""
    url = f"sqlite:///{scratch}"
    schema.upgrade(url, revision)
    engine = create_engine(url)
    then = inspect(engine)
    columns = {t: {c["name"] for c in then.get_columns(t)} for t in then.get_table_names()}
    engine.dispose()
    with zipfile.ZipFile(file) as archive:
        members = {name: archive.read(name) for name in archive.namelist()}
    manifest = json.loads(members["manifest.json"])
    manifest["schema"] = revision
    for table in list(manifest["tables"]):
        path = f"tables/{table['name']}.jsonl"
        if table["name"] not in columns:
            manifest["tables"].remove(table)
            del members[path]
            continue
        kept = [name in columns[table["name"]] for name in table["columns"]]
        table["columns"] = dict(compress(table["columns"].items(), kept))
        rows = [list(compress(json.loads(line), kept)) for line in members[path].splitlines()]
        members[path] = b"".join(json.dumps(row).encode() + b"\n" for row in rows)
        table["sha256"] = hashlib.sha256(members[path]).hexdigest()
    members["manifest.json"] = json.dumps(manifest).encode()
    with zipfile.ZipFile(file, "w") as archive:
        for name, content in members.items():
            archive.writestr(name, content)


def test_a_backup_of_an_older_release_is_migrated_up(
    original: Original, another: str, tmp_path: Path
) -> None:
    original.back_up()
    as_an_older_release_made_it(original.file, "0002", tmp_path / "older.sqlite3")
    copy = original.copy(another)
    with copy() as session:
        assert session.scalar(text("SELECT count(*) FROM mail_hold")) == 1
        assert session.scalar(text("SELECT count(*) FROM policy")) == 0
        found = {each.invariant for each in violations(session)}
        assert found == {"A case's arm and its history agree"}, "that release had no experiments"


@pytest.mark.damages
def test_an_unsound_database_is_restored_as_it_was_and_told(
    original: Original, another: str, types: Types
) -> None:
    with original.factory.begin() as session:
        session.execute(text("DELETE FROM process_event WHERE kind = 'letter-sent'"))
    original.back_up()
    done = types(another, "restore", original.file)
    assert done.returncode == 1
    assert "A sent letter has one event of its sending, another none" in done.stdout
    assert not is_untouched(another)


def test_the_command_refuses_in_one_line(original: Original, types: Types) -> None:
    url = original.engine.url.render_as_string(hide_password=False)
    original.back_up()
    done = types(url, "restore", original.file)
    assert done.returncode == 1 and len(done.stderr.splitlines()) == 1
    assert "--into URL" in done.stderr
