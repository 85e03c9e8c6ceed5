"""Requests to sign a contract, from the signing step to the signature.

A step whose help names a letter as `helpSignature` can be sent to be signed. Each change of state
is one conditional update, so that a signature, a refusal and the last moment never both count.
`following` sends and ends them.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import cast
from uuid import UUID

from sqlalchemy import ColumnElement, CursorResult, Select, select, update
from sqlalchemy.orm import Session

from broker_crm import clock
from broker_crm.crm import files
from broker_crm.crm.contracts import latest_contract
from broker_crm.crm.models import Client, Contract, SignatureRequest
from broker_crm.db import new_id
from broker_crm.definitions.models import ResourceKind
from broker_crm.outreach import documents, merge
from broker_crm.process.experiments.wording import version_of_text
from broker_crm.process.models import ProcessInstance, TaskStatus, UserTask
from broker_crm.process.variables import instance_variables

HELP = "signature"
CONTRACT = "contract"
OPEN = ("prepared", "sent")
VALID = timedelta(days=14)
PREFILLED = frozenset({"signingOutcome", "signedOn", "reasonText"})
"""Fields of the signing step that the end of a request fills in."""


class NotToBeSigned(Exception):
    """The step can't be sent to be signed.

    Attributes:
        code: 'not-a-signing-step', 'no-contract', 'no-address' or 'not-yours'.
    """

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


def prepare(
    session: Session, task_id: UUID, *, by: str, provider: str = "stand-in"
) -> SignatureRequest:
    """Prepare the case's contract to be signed by the client; a worker sends it after the commit.

    An earlier request of the case that is still open is withdrawn.

    Args:
        session: the caller commits.
        task_id: an open signing step.
        by: login of its assignee.
        provider: of the signature.

    Raises:
        NotToBeSigned: when the step, the contract or the client's address is missing.
        EmptyMergeField: when a field of the contract is empty; nothing is prepared.
        FeelError: when a field fails.
    """
    task = session.get_one(UserTask, task_id)
    if HELP not in task.help or CONTRACT not in task.help or task.status != TaskStatus.OPEN:
        raise NotToBeSigned("not-a-signing-step")
    if task.assignee != by:
        raise NotToBeSigned("not-yours")
    instance = session.get_one(ProcessInstance, task.instance_id)
    contract = latest_contract(session, instance.id)
    client = session.get(Client, instance.client_id) if instance.client_id else None
    if contract is None or client is None:
        raise NotToBeSigned("no-contract")
    address = merge.address_of(client)
    if not address:
        raise NotToBeSigned("no-address")
    made = _document(session, task, instance, client)
    now = clock.now()
    kept = files.keep(
        session,
        files.Upload(made.name("pdf"), made.pdf(now)),
        files.Place(instance.id, task.id, client.id),
        kind=CONTRACT,
        by=by,
    )
    if task.draft and prefilled(task.draft):
        task.draft, task.draft_saved_at = None, None
    withdraw(session, SignatureRequest.contract_id.in_(_contracts(instance.id)))
    signer = merge.contact_of(client)
    request = SignatureRequest(
        id=new_id(),
        contract_id=contract.id,
        document_id=kept.id,
        provider=provider,
        signer_name=f"{signer.first_name} {signer.surname}" if signer else client.name,
        signer_email=address,
        prepared_at=now,
        expires_at=now + VALID,
    )
    request.reference = str(request.id)
    session.add(request)
    session.flush()
    return request


def latest(session: Session, instance_id: UUID) -> SignatureRequest | None:
    """The newest request of a case."""
    return session.scalars(
        select(SignatureRequest)
        .where(SignatureRequest.contract_id.in_(_contracts(instance_id)))
        .order_by(SignatureRequest.prepared_at.desc(), SignatureRequest.id.desc())
        .limit(1)
    ).first()


def instance_of(session: Session, request: SignatureRequest) -> ProcessInstance:
    """The case whose contract is to be signed."""
    contract = session.get_one(Contract, request.contract_id)
    return session.get_one(ProcessInstance, contract.instance_id)


def signing_task(session: Session, instance_id: UUID) -> UserTask | None:
    """The case's open signing step."""
    found = session.scalars(
        select(UserTask).where(
            UserTask.instance_id == instance_id, UserTask.status == TaskStatus.OPEN
        )
    )
    return next((task for task in found if HELP in task.help), None)


def _document(
    session: Session, task: UserTask, instance: ProcessInstance, client: Client
) -> documents.FilledDocument:
    variables = {**instance_variables(session, instance.id), **task.local_variables}
    language = str(variables.get("letterLanguage") or client.language)
    context = merge.merge_context(session, instance, variables, language)
    key = str(task.help[CONTRACT])
    version_id = version_of_text(session, instance.id, task.version_id, ResourceKind.DOCUMENT, key)
    return documents.document(session, version_id, key, language, context)


def _contracts(instance_id: UUID) -> Select[int]:
    return select(Contract.id).where(Contract.instance_id == instance_id)


def prefilled(draft: Mapping[str, object]) -> bool:
    """True for a draft that an earlier request left; a person's holds other fields, too."""
    return set(draft) <= PREFILLED


def withdraw(session: Session, which: ColumnElement[bool]) -> int:
    """Withdraw open requests; how many."""
    changed = session.execute(
        update(SignatureRequest)
        .where(which, SignatureRequest.state.in_(OPEN))
        .values(state="withdrawn", ended_at=clock.now())
        .execution_options(synchronize_session="fetch")
    )
    return cast(CursorResult[object], changed).rowcount


def moved(session: Session, request_id: UUID, still: ColumnElement[bool], **values: object) -> bool:
    """Change a request if it still is as expected; False when it isn't."""
    changed = session.execute(
        update(SignatureRequest)
        .where(SignatureRequest.id == request_id, still)
        .values(**values)
        .execution_options(synchronize_session=False)
    )
    return cast(CursorResult[object], changed).rowcount == 1
