"""Starts processes for clients: gathers the facts that the diagrams decide by."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from broker_crm import clock, process
from broker_crm.calendar import OFFICE
from broker_crm.crm.clients import first_contact, is_existing, may_be_contacted, may_see_client
from broker_crm.crm.models import Client, Insurer, Policy, Product, RenewalStart
from broker_crm.crm.policies import active_policies, policy_facts
from broker_crm.crm.standard_terms import ADDS_TO_POLICY, terms_in_force
from broker_crm.definitions.models import ProcessVersion
from broker_crm.definitions.published import compiled
from broker_crm.people.models import User
from broker_crm.process.errors import CommandRefused, NotAllowed
from broker_crm.process.experiments.drawing import version_in_force
from broker_crm.process.models import ProcessInstance
from broker_crm.process.rights import Actor, acting_user, may_start

RENEWAL = "renewal"
"""The process that a policy's end starts; once for each policy."""
NEEDS = "requires"
"""Property of a start event: what the case is about, such as 'policy', 'complaint', 'campaign'."""


NOT_BY_ITSELF = "This process begins on a page of its own, or by itself."
NO_POLICY = "The client has no policy of this product in force for which this can be started."


class CaseRejected(CommandRefused):
    """The case can't be started as asked.

    Args:
        errors: messages by variable.
    """

    code = "invalid-case"

    def __init__(self, errors: dict[str, list[str]]) -> None:
        super().__init__("; ".join(f"{key}: {' '.join(told)}" for key, told in errors.items()))
        self.errors = errors


def start_case(
    session: Session, process_key: str, variables: Mapping[str, object], *, by: str
) -> process.Started:
    """Start a process; with `clientId` and `productId` among the variables, for a client.

    The client's and product's facts are read from the records, never taken from the caller.

    Args:
        session: the caller commits.
        process_key: id of the process.
        variables: JSON values; `owner` is the salesperson's login, by default the client's.
        by: login of who starts it.

    Raises:
        NotPublished: no such process.
        NotAllowed: the person starts no processes.
        CaseRejected: with messages by variable.
        RuleFailed: a rule of the process failed; the caller rolls back.
    """
    user = acting_user(session, by)
    if not may_start(user):
        raise NotAllowed("Only salespeople, assistants and managers start processes.")
    return _start(session, process_key, variables, user, by)


def start_automatically(
    session: Session,
    process_key: str,
    variables: Mapping[str, object],
    by: str | None = None,
) -> process.Started:
    """Start a process because its time has come or an event started it, not because a person asked.

    Args:
        session: the caller commits.
        process_key: id of the process.
        variables: as for `start_case`.
        by: login of the person whose doing led here, or None.

    Raises:
        NotPublished, CaseRejected, RuleFailed: as for `start_case`.
    """
    return _start(session, process_key, variables, None, by)


def _start(
    session: Session,
    process_key: str,
    variables: Mapping[str, object],
    user: Actor | None,
    by: str | None,
) -> process.Started:
    version = version_in_force(session, process_key)
    needed = needs(session, version)
    if needed not in (None, "policy") and needed not in variables:
        raise CaseRejected({"process": [NOT_BY_ITSELF]})
    if "clientId" not in variables:
        return process.start(session, process_key, variables, by=by)
    client, product, owner = _named(session, variables, user)
    policy = _policy(session, version, variables, client, product)

    def start(version: ProcessVersion) -> dict[str, object]:
        return start_variables(session, version, variables, client, product, owner.login, policy)

    case = process.CaseData(
        title=f"{version.name} · {client.name}",
        client_id=client.id,
        product_id=product.id if product else None,
        owner=owner.login,
        **traits(client, product),
    )
    started = process.start(session, process_key, start, by=by, case=case)
    if policy is not None and process_key == RENEWAL:
        session.add(
            RenewalStart(policy_id=policy.id, instance_id=started.instance.id, at=clock.now())
        )
        session.flush()
    return started


def start_variables(
    session: Session,
    version: ProcessVersion,
    variables: Mapping[str, object],
    client: Client,
    product: Product | None,
    owner: str,
    policy: Policy | None,
) -> dict[str, object]:
    """What a case about a client knows at its start.

    Raises:
        CaseRejected: the product has no standard terms today.
    """
    start: dict[str, object] = {
        **variables,
        "clientId": client.id,
        "owner": owner,
        "client": client_facts(session, client),
        "clientKind": client.kind,
        "vip": client.vip,
    }
    if policy is not None:
        start["policy"] = policy_facts(session, policy)
    if product is not None:
        start["productId"] = product.id
        start.update(_product_facts(session, product, client, version, policy))
    return start


def _policy(
    session: Session,
    version: ProcessVersion,
    variables: Mapping[str, object],
    client: Client,
    product: Product | None,
) -> Policy | None:
    """The policy that the case is about: the one named, else the one that ends first."""
    needed = needs(session, version) == "policy"
    named = variables.get("policyId")
    there = [
        policy
        for policy in active_policies(session, client.id, product.id if product else None)
        if named in (None, policy.id)
    ]
    if version.process_key == RENEWAL:
        begun = select(RenewalStart.policy_id).join(
            ProcessInstance, ProcessInstance.id == RenewalStart.instance_id
        )
        taken = set(session.scalars(begun.where(ProcessInstance.client_id == client.id)))
        there = [policy for policy in there if policy.id not in taken]
    if needed and not there:
        raise CaseRejected({"policyId": [NO_POLICY]})
    return there[0] if there else None


def needs(session: Session, version: ProcessVersion) -> str | None:
    """What a case of the process is about besides client and product, as its start event says."""
    return compiled(session, version.id).start_event.properties.get(NEEDS)


def segment(client: Client) -> str:
    """Kind, sector and size as one word, such as 'legal/transport/small'."""
    parts = [client.kind, client.sector or "", client.size_band]
    return "/".join(part for part in parts if part)


def traits(client: Client | None, product: Product | None) -> dict[str, Any]:
    """What a case keeps of client and product as they are at its start, by column."""
    return {
        "segment": segment(client) if client else "",
        "vip": client.vip if client else False,
        "region": (client.region if client else None) or "",
        "complexity": product.complexity if product else "",
    }


def _named(
    session: Session, variables: Mapping[str, object], user: Actor | None
) -> tuple[Client, Product | None, User]:
    errors: dict[str, list[str]] = {}
    client_id, product_id = variables.get("clientId"), variables.get("productId")
    client = _present(session, client_id) if _is_key(client_id) else None
    if client is None or (user is not None and not may_see_client(session, user, client)):
        client = None
        errors["clientId"] = [f"There is no client {client_id!r}."]
    product = session.get(Product, product_id) if _is_key(product_id) else None
    if product is None and product_id is not None:
        errors["productId"] = [f"There is no product {product_id!r}."]
    login = variables.get("owner") or (client.owner if client else None) or (user and user.login)
    owner = session.get(User, login) if isinstance(login, str) else None
    if owner is None or not owner.active:
        errors["owner"] = [f"There is no active user {login!r}."]
    if errors or client is None or owner is None:
        raise CaseRejected(errors)
    return client, product, owner


def _present(session: Session, client_id: object) -> Client | None:
    """The client, or the one that took over its history, so locked that nobody merges or erases it
    before the case is written; None for one that is not there or was erased."""
    client = session.get(
        Client,
        client_id,
        with_for_update={"read": True, "key_share": True},
        populate_existing=True,
    )
    if client is not None and client.merged_into is not None:
        return _present(session, client.merged_into)
    return client if client is not None and client.erased_at is None else None


def _is_key(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and 0 < value < 2**31


def client_facts(session: Session, client: Client) -> dict[str, object]:
    """What diagrams, tables and templates may know of a client."""
    contact = first_contact(client)
    email = (contact.email if contact else None) or client.email
    return {
        "id": client.id,
        "name": client.name,
        "kind": client.kind,
        "vip": client.vip,
        "sector": client.sector,
        "sizeBand": client.size_band,
        "region": client.region,
        "language": client.language,
        "email": email,
        "phone": (contact.phone if contact else None) or client.phone,
        "consent": {"marketing": may_be_contacted(session, client)},
        "doNotContact": client.do_not_contact or client.restricted_at is not None,
        "existing": is_existing(client),
    }


def _product_facts(
    session: Session,
    product: Product,
    client: Client,
    version: ProcessVersion,
    policy: Policy | None,
) -> dict[str, object]:
    day, insurer = clock.now().astimezone(OFFICE).date(), None
    if policy is not None and version.process_key in ADDS_TO_POLICY:
        insurer = session.get_one(Insurer, policy.insurer_id).name
    terms = terms_in_force(session, product, client, day, version.id, insurer)
    if terms is None:
        raise CaseRejected({"productId": [f"“{product.name}” has no standard terms today."]})
    return {
        "productClass": product.complexity,
        "productManager": product.product_manager,
        "product": {
            "id": product.id,
            "key": product.key,
            "name": product.name,
            "nameEn": product.name_en,
            "class": product.complexity,
            "standardCommission": float(terms.commission_percent),
        },
        "standardTerms": terms.facts(),
    }
