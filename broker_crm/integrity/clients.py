"""Clients: merged duplicates own nothing and point to one that stands; erased ones are nameless."""

from __future__ import annotations

from collections.abc import Iterator

from sqlalchemy import or_, select
from sqlalchemy.orm import Session, aliased

from broker_crm.crm.models import Client, DataRequest, Policy
from broker_crm.integrity.invariant import holds
from broker_crm.process.models import ProcessInstance


@holds("A merged duplicate points to a client that stands by itself")
def duplicates_point_on(session: Session) -> Iterator[tuple[str, str]]:
    kept = aliased(Client)
    wrong = (
        select(Client.id, Client.merged_into)
        .join(kept, kept.id == Client.merged_into)
        .where(kept.merged_into.is_not(None))
    )
    for client_id, target in session.execute(wrong):
        yield f"client {client_id}", f"it points to {target}, which was merged too"


@holds("Cases and policies belong to the client that was kept")
def duplicates_own_nothing(session: Session) -> Iterator[tuple[str, str]]:
    for table, name in ((ProcessInstance, "instance"), (Policy, "policy")):
        wrong = (
            select(table.id, Client.id)
            .join(Client, Client.id == table.client_id)
            .where(Client.merged_into.is_not(None))
        )
        for row_id, client_id in session.execute(wrong):
            yield f"{name} {row_id}", f"it belongs to the merged duplicate {client_id}"


@holds("An erased client has no address, code or personal code left")
def erased_are_nameless(session: Session) -> Iterator[tuple[str, str]]:
    left = (Client.email, Client.phone, Client.code, Client.address, Client.personal_code_sealed)
    wrong = select(Client.id).where(
        Client.erased_at.is_not(None),
        or_(Client.search_name != "", *(column.is_not(None) for column in left)),
    )
    for client_id in session.scalars(wrong):
        yield f"client {client_id}", "something of the person is left"


@holds("A request about data that was decided says when, by whom and how")
def requests_are_answered(session: Session) -> Iterator[tuple[str, str]]:
    wrong = select(DataRequest.id, DataRequest.state).where(
        or_(
            DataRequest.state.not_in(["open", "done", "refused"]),
            (DataRequest.state == "open") != DataRequest.decided_at.is_(None),
            (DataRequest.state == "open") != DataRequest.decided_by.is_(None),
        )
    )
    for request_id, state in session.execute(wrong):
        yield f"request {request_id}", f"it is {state}"


INVARIANTS = (
    duplicates_point_on,
    duplicates_own_nothing,
    erased_are_nameless,
    requests_are_answered,
)
