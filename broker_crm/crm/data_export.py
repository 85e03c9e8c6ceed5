"""All that is held about a client, as data that a person or a program can read."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from sqlalchemy import LargeBinary, Table, or_, select
from sqlalchemy.orm import Session

from broker_crm import clock
from broker_crm.crm import audit, personal_codes, retention
from broker_crm.crm.client_references import MOVES
from broker_crm.crm.models import (
    Client,
    ClientGroup,
    Endorsement,
    Instalment,
    OfferLine,
)
from broker_crm.outreach.models import LetterAttachment
from broker_crm.process.models import ProcessEvent, ProcessInstance
from broker_crm.process.variables import instance_variables

HIDDEN = frozenset(
    {
        "search_name",
        "match_name",
        "sort_name",
        "search_title",
        "search_text",
        "search_number",
        "personal_code_sealed",
        "personal_code_mark",
        "row_version",
        "dedup_key",
        "unsubscribe_token",
        "link_hash",
        "help",
        "outcomes",
        "outcome_variable",
        "version_id",
        "first_version_id",
        "draft",
    }
)
"""Columns that hold the product's own machinery, secrets of links, or colleagues' drafts."""
BELOW: tuple[tuple[type[Any], str, str], ...] = (
    (Instalment, "policy_id", "policy"),
    (Endorsement, "policy_id", "policy"),
    (OfferLine, "offer_id", "offer"),
    (LetterAttachment, "letter_id", "letter"),
    (ProcessEvent, "instance_id", "process_instance"),
)
"""Tables whose rows belong to rows of the client."""


def export(session: Session, client_id: int, *, by: str) -> dict[str, Any]:
    """Everything that is held about a client, its earlier duplicates included; noted in the trail.

    Args:
        session: the caller commits.
        client_id: the client.
        by: login.

    Returns:
        JSON values: the client's own fields, and under each table its rows. Files are listed with
        name, size and digest; their content is downloaded one by one.
    """
    ids = retention.of_client(session, client_id)
    client = session.get_one(Client, client_id)
    found: dict[str, Any] = {
        "exported_at": clock.now().isoformat(),
        "client": _own(session, client),
        "merged_duplicates": [
            _own(session, session.get_one(Client, each)) for each in ids if each != client_id
        ],
    }
    for column in MOVES:
        table = column.class_.__table__
        condition = table.c.client_id.in_(ids)
        if "instance_id" in table.c:
            cases = select(ProcessInstance.id).where(ProcessInstance.client_id.in_(ids))
            condition = or_(condition, table.c.instance_id.in_(cases))
        rows = list(_rows(session, table, condition))
        if table.name == "process_instance":
            for row in rows:
                row["variables"] = instance_variables(session, UUID(row["id"]))
        found[str(table.name)] = rows
    for kind, name, parent in BELOW:
        table = kind.__table__
        keys = [row["id"] for row in found[parent]]
        if parent in ("letter", "process_instance"):
            keys = [UUID(key) for key in keys]
        found[str(table.name)] = list(_rows(session, table, table.c[name].in_(keys)))
    audit.note(
        session,
        "exported",
        client_id,
        by=by,
        rows=sum(len(rows) for rows in found.values() if isinstance(rows, list)),
    )
    return found


def _own(session: Session, client: Client) -> dict[str, Any]:
    values = {
        str(column.name): _json(getattr(client, column.name))
        for column in Client.__table__.columns
        if column.name not in HIDDEN
    }
    if client.personal_code_sealed:
        values["personal_code"] = personal_codes.opened(client)
    if client.group_id is not None:
        values["group"] = session.get_one(ClientGroup, client.group_id).name
    return values


def _rows(session: Session, table: Table, condition: Any) -> Iterator[dict[str, Any]]:
    columns = [
        each
        for each in table.columns
        if each.name not in HIDDEN and not isinstance(each.type, LargeBinary)
    ]
    for row in session.execute(
        select(*columns).where(condition).order_by(*table.primary_key.columns)
    ):
        yield {
            str(column.name): _json(value)
            for column, value in zip(columns, row, strict=True)
            if value not in (None, "", {}, [])
        }


def _json(value: Any) -> Any:
    if isinstance(value, (datetime, date)):
        return value.isoformat()
    if isinstance(value, (Decimal, UUID)):
        return str(value)
    return value
