"""Brings a file in whole, or not at all; and undoes it, as far as nobody has built on it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date
from decimal import Decimal
from typing import Any
from uuid import UUID

from sqlalchemy import delete, exists, select, update
from sqlalchemy.orm import Session

from broker_crm import clock, process
from broker_crm.crm.importing.fields import FIELDS, guess
from broker_crm.crm.importing.planning import PlannedRow, plan
from broker_crm.crm.importing.reading import read
from broker_crm.crm.models import (
    AuditEntry,
    CampaignRecipient,
    Client,
    ClientDistinction,
    ClientMerge,
    ClientStatus,
    Complaint,
    Consent,
    DataRequest,
    ImportBatch,
    ImportRow,
    Instalment,
    Interaction,
    Policy,
    PolicyStatus,
    RenewalStart,
)
from broker_crm.crm.policies import instalments_of, today
from broker_crm.process.models import ProcessInstance
from broker_crm.process.plain_text import plain

SALE = "new-client-sale"
"""What may be started for new clients; renewals of policies start by themselves."""
BUILT_ON = (
    (ProcessInstance, ProcessInstance.client_id),
    (Policy, Policy.client_id),
    (Complaint, Complaint.client_id),
    (Interaction, Interaction.client_id),
    (Consent, Consent.client_id),
    (CampaignRecipient, CampaignRecipient.client_id),
    (ClientMerge, ClientMerge.kept_id),
    (ClientMerge, ClientMerge.merged_id),
    (ClientDistinction, ClientDistinction.first_id),
    (ClientDistinction, ClientDistinction.second_id),
    (DataRequest, DataRequest.client_id),
    (AuditEntry, AuditEntry.client_id),
)
"""What keeps an imported client from being taken back."""


class ImportRefused(Exception):
    """The file can't be brought in, or taken back.

    Attributes:
        code: 'faulty', 'missing', 'notOpen', 'notImported' or 'builtOn'.
        places: rows or records concerned.
    """

    def __init__(self, code: str, places: Iterable[object] = ()) -> None:
        self.code = code
        self.places = [str(place) for place in places]
        super().__init__(f"{code}: {', '.join(self.places[:20])}")


def receive(session: Session, kind: str, file_name: str, content: bytes, *, by: str) -> ImportBatch:
    """Keep a file for its dry run, in place of an earlier one of the same name.

    Args:
        session: the caller commits.
        kind: 'clients' or 'policies'.
        file_name: as the person knows it.
        content: of the file.
        by: login.

    Raises:
        Unreadable: when it is no table.
    """
    table = read(content)
    session.execute(
        update(ImportBatch)
        .where(
            ImportBatch.state == "read",
            ImportBatch.by == by,
            ImportBatch.kind == kind,
            ImportBatch.file_name == file_name[:200],
        )
        .values(state="given-up", content=None)
    )
    batch = ImportBatch(
        kind=kind,
        file_name=file_name[:200],
        content=content,
        encoding=table.encoding,
        mapping=guess(kind, table.columns),
        by=by,
        at=clock.now(),
    )
    session.add(batch)
    session.flush()
    return batch


def remap(session: Session, batch_id: UUID, mapping: Mapping[str, str]) -> None:
    """Say anew which column holds which field; unknown fields and columns are left out.

    Args:
        session: the caller commits.
        batch_id: of the file.
        mapping: field to column.

    Raises:
        ImportRefused: when the file was brought in or given up.
    """
    batch = session.get_one(ImportBatch, batch_id, with_for_update=True)
    if batch.state != "read" or batch.content is None:
        raise ImportRefused("notOpen")
    columns = read(batch.content).columns
    batch.mapping = {
        field.key: mapping[field.key]
        for field in FIELDS[batch.kind]
        if mapping.get(field.key) in columns
    }
    session.flush()


def bring_in(session: Session, batch_id: UUID, *, sell: int | None = None) -> ImportBatch:
    """Write all rows of a file, in the caller's transaction.

    Args:
        session: the caller commits.
        batch_id: of the file.
        sell: id of the product of which a sale is queued for each client that is new; a client
            without a salesperson is sold to by the one who brought the file.

    Raises:
        ImportRefused: when any row has an error: then nothing is written; or when the file was
            brought in already.
    """
    batch = session.get_one(ImportBatch, batch_id, with_for_update=True)
    if batch.state != "read" or batch.content is None:
        raise ImportRefused("notOpen")
    planned = plan(session, batch.kind, read(batch.content), batch.mapping)
    if planned.missing:
        raise ImportRefused("missing", planned.missing)
    if not planned.may_be_imported:
        raise ImportRefused("faulty", [row.number for row in planned.faulty])
    process_key = SALE if batch.kind == "clients" and sell is not None else None
    for row in planned.rows:
        if row.action == "unchanged" and row.record_id is not None:
            record_id = row.record_id
        elif batch.kind == "clients":
            record_id = _write_client(session, row, batch)
        else:
            record_id = _write_policy(session, row)
        session.add(
            ImportRow(
                batch_id=batch.id,
                row_number=row.number,
                action=row.action,
                record_id=record_id,
                before={key: _stored(value) for key, value in row.before.items()},
                after={key: _stored(value) for key, value in row.values.items()},
            )
        )
        if process_key and row.action == "created":
            owner = row.values.get("owner") or batch.by
            payload = {"clientId": record_id, "productId": sell, "owner": owner}
            process.queue_start(session, process_key, payload)
    batch.start_process = process_key
    batch.created, batch.updated, batch.unchanged = (
        planned.count(each) for each in ("created", "updated", "unchanged")
    )
    batch.state, batch.imported_at, batch.content = "imported", clock.now(), None
    session.flush()
    return batch


def give_up(session: Session, batch_id: UUID) -> None:
    """Throw an unimported file away.

    Raises:
        ImportRefused: when it was brought in.
    """
    batch = session.get_one(ImportBatch, batch_id, with_for_update=True)
    if batch.state != "read":
        raise ImportRefused("notOpen")
    batch.state, batch.content = "given-up", None
    session.flush()


def undo(session: Session, batch_id: UUID, *, by: str) -> ImportBatch:
    """Take a file back: delete what it created, restore what it changed.

    Args:
        session: the caller commits.
        batch_id: of the file.
        by: login.

    Raises:
        ImportRefused: when something was built on a created record, or a changed one was changed
            again; it names the rows, and nothing is taken back.
    """
    batch = session.get_one(ImportBatch, batch_id, with_for_update=True)
    if batch.state != "imported":
        raise ImportRefused("notImported")
    rows = list(
        session.scalars(
            select(ImportRow)
            .where(ImportRow.batch_id == batch_id)
            .order_by(ImportRow.row_number.desc())
        )
    )
    table = Client if batch.kind == "clients" else Policy
    held = [row.row_number for row in rows if not _may_be_undone(session, table, row)]
    if held:
        raise ImportRefused("builtOn", sorted(held))
    for row in rows:
        record: Any = session.get(table, row.record_id)
        if row.action == "created":
            if table is Policy:
                session.execute(delete(Instalment).where(Instalment.policy_id == row.record_id))
            session.delete(record)
        elif row.action == "updated":
            for key, value in row.before.items():
                setattr(record, key, _loaded(getattr(record, key), value))
            if table is Client:
                record.search_name = plain(record.name)
    batch.state, batch.undone_at, batch.undone_by = "undone", clock.now(), by
    session.flush()
    return batch


def _write_client(session: Session, row: PlannedRow, batch: ImportBatch) -> int:
    client = (
        session.get_one(Client, row.record_id)
        if row.record_id is not None
        else Client(
            status=ClientStatus.PROSPECT,
            source="import",
            created_at=clock.now(),
            kind=row.values["kind"],
            name=row.values["name"],
            search_name="",
        )
    )
    for key, value in row.values.items():
        setattr(client, key, value)
    client.search_name = plain(client.name)[:200]
    session.add(client)
    session.flush()
    return client.id


def _write_policy(session: Session, row: PlannedRow) -> int:
    policy = (
        session.get_one(Policy, row.record_id)
        if row.record_id is not None
        else Policy(created_at=clock.now(), owner=None)
    )
    for key, value in row.values.items():
        setattr(policy, key, value)
    if row.record_id is None:
        client = session.get_one(Client, policy.client_id)
        policy.owner = client.owner
        over = policy.ends_on < today()
        policy.status = PolicyStatus.EXPIRED if over else PolicyStatus.ACTIVE
        session.add(policy)
        session.flush()
        session.add_all(instalments_of(policy))
        if not over and client.status in (ClientStatus.PROSPECT, ClientStatus.FORMER):
            client.status = ClientStatus.ACTIVE
    session.flush()
    return policy.id


def _may_be_undone(session: Session, table: type[Client] | type[Policy], row: ImportRow) -> bool:
    record = session.get(table, row.record_id)
    if record is None:
        return False
    if row.action == "created" and table is Client:
        return not any(
            session.scalar(select(exists().where(column == row.record_id)))
            for _table, column in BUILT_ON
        )
    if row.action == "created":
        paid = exists().where(
            Instalment.policy_id == row.record_id, Instalment.paid_on.is_not(None)
        )
        renewed = exists().where(Policy.renewed_from_id == row.record_id)
        begun = exists().where(RenewalStart.policy_id == row.record_id)
        return not any(session.scalar(select(each)) for each in (paid, renewed, begun))
    return all(_stored(getattr(record, key)) == row.after.get(key) for key in row.before)


def _stored(value: object) -> object:
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, Decimal):
        return f"{value:.2f}"
    return value


def _loaded(present: object, value: object) -> object:
    if value is None:
        return None
    if isinstance(present, date):
        return date.fromisoformat(str(value))
    if isinstance(present, Decimal):
        return Decimal(str(value))
    return value
