"""Every invariant sees the damage that it is there for, and names it; a sound database has none."""

from __future__ import annotations

import shutil
import sqlite3
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy.orm import Session

from broker_crm import clock
from broker_crm.db import connect, snapshot
from broker_crm.integrity import Violation, invariants, violations
from tests.process.office import MONDAY

from .conftest import Sound


def first(kind: str) -> str:
    return f"(SELECT min(id) FROM process_event WHERE kind = '{kind}')"


def any_of(table: str, where: str = "parked = false") -> str:
    return f"(SELECT id FROM {table} WHERE {where} LIMIT 1)"


EVENT_COPY = (
    "INSERT INTO process_event (instance_id, version_id, kind, at, actor, task_id, outcome,"
    " loop_number, first_reach) SELECT instance_id, version_id, {0}, at, actor, {1}, outcome,"
    " 2, false FROM process_event WHERE id = {2}"
)
WAIT = (
    "INSERT INTO {0} SELECT id, instance_id, 'x', {1} FROM user_task WHERE status = '{2}' LIMIT 1"
)
SUBSCRIPTION = WAIT.format(
    "event_subscription (id, instance_id, element_id, kind, name)", "'message', 'paid'", "{0}"
)
TIMER = WAIT.format(
    "timer (id, instance_id, element_id, name, due_at, attempts, parked)",
    "'', created_at, 0, false",
    "{0}",
)

DAMAGES: dict[str, tuple[str, ...]] = {
    "A merged duplicate points to a client that stands by itself": (
        "UPDATE client SET merged_into = id WHERE merged_into IS NOT NULL",
    ),
    "Cases and policies belong to the client that was kept": (
        "UPDATE process_instance SET client_id ="
        " (SELECT id FROM client WHERE merged_into IS NOT NULL) WHERE status = 'completed'",
    ),
    "An erased client has no address, code or personal code left": (
        "UPDATE client SET erased_at = created_at WHERE merged_into IS NOT NULL",
    ),
    "A request about data that was decided says when, by whom and how": (
        "UPDATE data_request SET decided_at = NULL",
        "UPDATE data_request SET state = 'open'",
        "UPDATE data_request SET decided_by = NULL",
        "UPDATE data_request SET state = 'lost'",
    ),
    "A sent offer was approved where its rule wanted it": (
        "UPDATE offer SET approved_by = NULL",
        "UPDATE offer SET approved_by = NULL, approval_level = NULL, status = 'accepted'",
    ),
    "An offer was opened only after it was sent": (
        "UPDATE offer SET sent_at = '2026-01-02', opened_at = '2026-01-01'",
        "UPDATE offer SET sent_at = NULL, opened_at = '2026-01-01'",
    ),
    "The instalments of a policy add up to its premium": (
        "UPDATE instalment SET amount = amount + 1 WHERE number = 1",
        "DELETE FROM instalment WHERE number = 2",
    ),
    "A renewal runs for the client of its policy": (
        "UPDATE process_instance SET client_id = NULL"
        " WHERE id = (SELECT instance_id FROM renewal_start)",
    ),
    "Commission agreements of one insurer and product never overlap": (
        "UPDATE commission_agreement SET valid_to = NULL",
        "UPDATE commission_agreement SET product_id = NULL, valid_to = '2021-01-01'"
        " WHERE valid_from <> '2021-01-01'",
    ),
    "Standard terms of one insurer for one product never overlap": (
        "UPDATE standard_terms SET valid_to = NULL",
        "UPDATE standard_terms SET valid_to = '2021-01-01' WHERE valid_from = '2020-01-01'",
    ),
    "A renewed policy follows another one of its client, and is not older": (
        "UPDATE policy SET renewed_from_id = id WHERE number = 'P-2'",
        "UPDATE policy SET starts_on = '2020-01-01' WHERE number = 'P-2'",
        "UPDATE policy SET status = 'cancelled' WHERE number = 'P-2'",
    ),
    "The deviations of an offer line add up to its effects on premium and commission": (
        "DELETE FROM offer_deviation WHERE kind = 'premium'",
        "UPDATE offer_deviation SET commission_effect = 0 WHERE kind = 'instalments'",
        "UPDATE offer_line SET other_premium_effect = 3",
    ),
    "A contract and its policy belong to the same client": (
        "UPDATE contract SET client_id = (SELECT id FROM client WHERE search_name = 'kitas')",
    ),
    "Every recipient who was written to has a case": (
        "UPDATE campaign_recipient SET instance_id = NULL",
    ),
    "A case in an experiment began on the version of its arm": (
        "UPDATE experiment SET version_a_id = version_b_id",
    ),
    "A case's arm and its history agree": (
        "DELETE FROM process_event WHERE kind = 'experiment-assigned'",
        "DELETE FROM experiment_assignment",
        "UPDATE experiment_assignment SET arm = CASE arm WHEN 'a' THEN 'b' ELSE 'a' END",
    ),
    "An experiment has ended with a decision, or goes on without one": (
        "UPDATE experiment SET state = 'ended'",
        "UPDATE experiment SET decision = 'b'",
        "UPDATE experiment SET started_at = NULL",
    ),
    "A completed task has one event": (
        f"DELETE FROM process_event WHERE id = {first('task-completed')}",
        EVENT_COPY.format("kind", "task_id", first("task-completed")),
    ),
    "A completion and its event tell of the same person, time and outcome": (
        f"UPDATE process_event SET actor = 'ruta' WHERE id = {first('task-completed')}",
        f"UPDATE process_event SET at = '2026-01-01' WHERE id = {first('task-completed')}",
        "UPDATE user_task SET outcome = 'no' WHERE status = 'completed'",
    ),
    "A task has one event of its creation": (
        f"DELETE FROM process_event WHERE id = {first('task-created')}",
    ),
    "A cancelled task has one event": (
        f"DELETE FROM process_event WHERE id = {first('task-cancelled')}",
        EVENT_COPY.format("'task-cancelled'", "task_id", first("task-created")),
    ),
    "An open task has not ended, an ended one has": (
        "UPDATE user_task SET completed_at = created_at WHERE status = 'open'",
        "UPDATE user_task SET completed_at = NULL WHERE status = 'cancelled'",
    ),
    "A task is paused while a pause of it has no end, and only while it is open": (
        "UPDATE user_task SET pause_reason = 'client-absent' WHERE status = 'open'",
        "INSERT INTO task_pause (id, task_id, instance_id, reason, note, from_at, paused_by)"
        " SELECT id, id, instance_id, 'client-absent', '', created_at, 'rasa' FROM user_task"
        " WHERE status = 'completed' LIMIT 1",
    ),
    "Nobody approved their own work": (
        "UPDATE user_task SET step = CASE element_id WHEN 'write' THEN 'offer-preparation'"
        " ELSE 'offer-approval' END WHERE status = 'completed'",
    ),
    "A running instance has no end, an ended one has": (
        "UPDATE process_instance SET ended_at = started_at WHERE status = 'active'",
    ),
    "An instance does not end before it starts": (
        "UPDATE process_instance SET started_at = '2030-01-01' WHERE status = 'completed'",
    ),
    "A cancelled instance has an outcome": (
        "UPDATE process_instance SET outcome = NULL WHERE status = 'cancelled'",
    ),
    "An instance runs on a version of its own process": (
        "UPDATE process_instance SET process_key = 'other' WHERE status = 'cancelled'",
    ),
    "An ended instance waits for nothing": (
        TIMER.format("cancelled"),
        SUBSCRIPTION.format("cancelled"),
    ),
    "Rows and state agree on timers": (
        f"DELETE FROM timer WHERE id = {any_of('timer')}",
        f"UPDATE timer SET due_at = '2030-01-01' WHERE id = {any_of('timer')}",
        TIMER.format("open"),
    ),
    "Rows and state agree on subscriptions": (SUBSCRIPTION.format("open"),),
    "A state can be read": (
        "UPDATE process_instance SET state = (SELECT state FROM process_instance WHERE"
        " status = 'cancelled') WHERE status = 'completed'",
        "UPDATE process_instance SET state = (SELECT content FROM resource LIMIT 1)"
        " WHERE status = 'active'",
    ),
    "A parked timer has an incident": (
        f"UPDATE timer SET parked = true WHERE id = {any_of('timer')}",
    ),
    "A parked message has an open incident": (
        "INSERT INTO pending_message (id, kind, name, payload, created_at, attempts, parked)"
        " SELECT id, 'message', 'paid', '{}', created_at, 3, true FROM user_task LIMIT 1",
    ),
    "A timer on a task hangs on a task of its instance": (
        f"UPDATE timer SET host_task_id = instance_id WHERE id = {any_of('timer')}",
    ),
    "A history begins with the start of its instance": (
        f"DELETE FROM process_event WHERE id = {first('instance-started')}",
        EVENT_COPY.format("kind", "NULL", first("instance-started")),
        f"UPDATE process_event SET id = 100000 WHERE id = {first('instance-started')}",
    ),
    "An ended instance has one end in its history, a running one none": (
        f"DELETE FROM process_event WHERE id = {first('instance-completed')}",
        EVENT_COPY.format("kind", "NULL", first("instance-completed")),
        f"UPDATE process_event SET at = '2030-01-01' WHERE id = {first('instance-cancelled')}",
        EVENT_COPY.format("'instance-cancelled'", "NULL", first("letter-sent")),
    ),
    "An event's task is a task of its instance": (
        f"UPDATE process_event SET task_id = instance_id WHERE id = {first('letter-queued')}",
    ),
    "An element is first reached once": (
        f"UPDATE process_event SET first_reach = false WHERE id = {first('letter-queued')}",
        "UPDATE process_event SET element_id = 'write' WHERE kind = 'task-created'",
    ),
    "A letter has its place in the outbox": ("DELETE FROM outbox WHERE state = 'queued'",),
    "A letter of a case was queued once": (
        f"DELETE FROM process_event WHERE id = {first('letter-queued')}",
    ),
    "A sent letter has one event of its sending, another none": (
        f"DELETE FROM process_event WHERE id = {first('letter-sent')}",
        "UPDATE outbox SET state = 'sent', sent_at = next_attempt_at WHERE state = 'queued'",
        "UPDATE outbox SET state = 'queued', sent_at = NULL WHERE state = 'sent'",
    ),
    "A letter is in a known state, with what belongs to it": (
        "UPDATE outbox SET sent_at = NULL WHERE state = 'sent'",
        "UPDATE outbox SET state = 'lost' WHERE state = 'queued'",
        "UPDATE outbox SET state = 'sending' WHERE state = 'queued'",
    ),
    "A Message-ID is made from its letter's id": (
        "UPDATE outbox SET message_id = '<1@broker.example>' WHERE state = 'queued'",
    ),
    "A doubtful or failed letter is known to a person": (
        "UPDATE incident SET resolved_at = raised_at, resolution = 'dismissed'"
        " WHERE kind = 'letter'",
        "UPDATE process_event SET actor = NULL WHERE kind = 'letter-failed'",
    ),
    "A letter on its way or sent has no open incident": (
        "UPDATE outbox SET state = 'queued' WHERE state = 'in-doubt'",
    ),
    "An incident's task is a task of its instance": (
        "UPDATE incident SET task_id = instance_id WHERE kind = 'fire-timer'",
    ),
    "A resolved incident says when and how": (
        "UPDATE incident SET resolved_at = raised_at WHERE kind = 'fire-timer'",
    ),
    "An incident of a case is told once in its history": (
        f"DELETE FROM process_event WHERE id = {first('incident-raised')}",
    ),
    "A note of a step tells of a completed task of its case and client": (
        "UPDATE interaction SET task_id = (SELECT id FROM user_task WHERE status = 'open' LIMIT 1)",
    ),
    "A notification tells of a task of its case": ("UPDATE notification SET instance_id = NULL",),
    "What has a beginning and an end ends after it begins": (
        "UPDATE consent SET withdrawn_at = '2020-01-01'",
        "UPDATE commission_agreement SET valid_to = '2019-12-31' WHERE valid_to IS NOT NULL",
    ),
    "Versions of a process are numbered without gaps": (
        "UPDATE process_version SET number = number + 2",
    ),
}
OF_ITS_VERSION = "An open task is of the version that its case runs on"
MIGRATIONS = {
    "A migration leaves no case half-way",
    "A migration leads from one version of a process to another of the same",
    "The cases of a migration are of its process",
}
TOGETHER = (
    (
        "UPDATE policy SET client_id = (SELECT id FROM client WHERE merged_into IS NOT NULL)",
        {
            "Cases and policies belong to the client that was kept",
            "A renewal runs for the client of its policy",
            "A contract and its policy belong to the same client",
        },
    ),
    (
        "UPDATE process_version SET content_hash = 'x'",
        {"A version is as it was published"},
    ),
    (
        "DELETE FROM process_version_resource WHERE kind = 'letter'",
        {"A version is as it was published"},
    ),
    (
        "UPDATE resource SET content = (SELECT state FROM process_instance LIMIT 1)",
        {"A version is as it was published", "A published file is as it was published"},
    ),
    (
        "UPDATE user_task SET status = 'open', completed_at = NULL WHERE status = 'cancelled'",
        {"An open task has a running instance", "A cancelled task has one event"},
    ),
    (
        "UPDATE process_instance SET status = 'active', ended_at = NULL WHERE status = 'completed'",
        {
            "A running instance's state is not at its end",
            "An ended instance has one end in its history, a running one none",
        },
    ),
    (
        "UPDATE user_task SET status = 'cancelled', completed_at = created_at"
        f" WHERE id = {any_of('user_task', chr(39).join(('status = ', 'open', '')))}",
        {"A cancelled task has one event", "Rows and state agree on open tasks"},
    ),
)


@pytest.mark.parametrize(
    ("damage", "sentence"),
    [(damage, sentence) for sentence, damages in DAMAGES.items() for damage in damages],
)
def test_damage_is_named(sound: Sound, damage: str, sentence: str) -> None:
    assert sound.found(damage) == {sentence}


def test_an_open_task_of_another_version_is_named(sound: Sound) -> None:
    found = sound.found("UPDATE user_task SET version_id = version_id + 1 WHERE status = 'open'")
    assert OF_ITS_VERSION in found


@pytest.mark.parametrize(("damage", "sentences"), TOGETHER)
def test_damage_that_breaks_more_is_named_in_full(
    sound: Sound, damage: str, sentences: set[str]
) -> None:
    assert sound.found(damage) == sentences


def test_a_sound_database_has_no_violations(sound: Sound) -> None:
    assert sound.violations() == []


def test_a_bit_flipped_in_any_state_is_seen(sound: Sound) -> None:
    with sound.engine.connect() as connection:
        rows = connection.exec_driver_sql("SELECT id, status, state FROM process_instance").all()
        marker = "?" if connection.dialect.name == "sqlite" else "%s"
        for identifier, _status, state in rows:
            flipped = bytearray(state)
            flipped[len(state) // 2] ^= 4
            connection.exec_driver_sql(
                f"UPDATE process_instance SET state = {marker} WHERE id = {marker}",
                (bytes(flipped), identifier),
            )
        with Session(connection) as session:
            found = list(violations(session))
        connection.rollback()
    assert {row.status for row in rows} == {"active", "completed", "cancelled"}
    assert [each.invariant for each in found] == ["A state can be read"] * len(rows)


def test_an_event_of_a_missing_instance_is_named(sound: Sound) -> None:
    found = sound.found(
        f"UPDATE process_event SET instance_id = task_id WHERE id = {first('task-created')}"
    )
    assert "An event is of an instance that exists" in found


def test_foreign_keys_that_do_not_hold_are_named(sound: Sound) -> None:
    sentence = "A row that another row names is there"
    if sound.engine.dialect.name == "sqlite":
        assert sound.found("UPDATE user_role SET login = 'nobody' WHERE login = 'vadove'") == {
            sentence
        }
        return
    with sound.engine.connect() as connection, Session(connection) as session:
        connection.exec_driver_sql("ALTER TABLE user_role DISABLE TRIGGER ALL")
        assert {each.invariant for each in violations(session)} == {sentence}
        connection.rollback()
    with sound.engine.connect() as connection, Session(connection) as session:
        connection.exec_driver_sql(
            "ALTER TABLE timer ADD CONSTRAINT later FOREIGN KEY (instance_id)"
            " REFERENCES process_instance (id) NOT VALID"
        )
        assert {each.invariant for each in violations(session)} == {sentence}
        connection.rollback()


def test_a_timer_that_nobody_fires_is_a_warning(sound: Sound) -> None:
    with clock.use(clock.SimulatedClock(MONDAY + timedelta(days=30))):
        found = sound.violations()
    assert found and all(each.warning for each in found)
    assert {each.invariant for each in found} == {"A due timer fires soon"}


def test_a_spoiled_index_of_the_file_is_named(sqlite_template: Path, tmp_path: Path) -> None:
    path = tmp_path / "spoiled.sqlite3"
    shutil.copyfile(sqlite_template, path)
    raw = sqlite3.connect(path)
    raw.execute("INSERT INTO sign_in_failure (login, at) VALUES ('jonas', '2026-01-01')")
    raw.execute("PRAGMA writable_schema = ON")
    raw.execute(
        "UPDATE sqlite_schema SET sql = replace(sql, '(login)', '(at)')"
        " WHERE name = 'ix_sign_in_failure_login'"
    )
    raw.commit()
    raw.close()
    engine = connect(f"sqlite:///{path}")
    with snapshot(engine) as connection, Session(connection) as session:
        found: list[Violation] = list(violations(session))
    engine.dispose()
    assert {each.invariant for each in found} == {"The database file is whole"}


def test_a_migration_that_does_not_agree_with_its_cases_is_named(sound: Sound) -> None:
    found = sound.found(
        "INSERT INTO migration (id, process_key, from_version_id, to_version_id, phase, note,"
        " created_by, created_at) SELECT id, 'another', version_id, version_id, 'moved', '',"
        " 'rasa', started_at FROM process_instance LIMIT 1",
        "INSERT INTO migration_item (migration_id, instance_id, state)"
        " SELECT id, id, 'chosen' FROM migration",
    )
    assert found == MIGRATIONS


def test_every_invariant_has_a_damage_that_breaks_it() -> None:
    elsewhere = {
        "The database file is whole",
        "A row that another row names is there",
        "An event is of an instance that exists",
        "A due timer fires soon",
        "Rows and state agree",
        *MIGRATIONS,
    }
    named = set(DAMAGES) | {sentence for _, sentences in TOGETHER for sentence in sentences}
    assert {each.sentence for each in invariants()} - named == elsewhere | {OF_ITS_VERSION}
