"""The local stand-in for a provider of e-signatures: a page behind a secret link.

It shows the whole way of a signature and has no legal force: who opens the link is not proved.
"""

from __future__ import annotations

import hashlib
import secrets
from datetime import timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from broker_crm import clock, settings
from broker_crm.crm import files
from broker_crm.crm.models import Document, SignatureRequest
from broker_crm.definitions.models import ResourceKind
from broker_crm.engine.transition import EventKind
from broker_crm.outreach import merge, texts
from broker_crm.outreach.happenings import happened
from broker_crm.outreach.letters import Attachment, Draft, Origin, next_loop, queue_letter
from broker_crm.outreach.signing import following, providers, requests
from broker_crm.outreach.values import written
from broker_crm.process import recording
from broker_crm.process.experiments.wording import version_of_text
from broker_crm.process.models import UserTask
from broker_crm.process.variables import instance_variables

NAME = "stand-in"
LONGEST_SECRET = 64


class StandIn:
    """Sends the client a letter with a link to the page on which the contract is signed."""

    name = NAME
    asked_every: timedelta | None = None

    def send(self, session: Session, request: SignatureRequest) -> str:
        instance = requests.instance_of(session, request)
        task = requests.signing_task(session, instance.id)
        if task is None:
            raise LookupError(f"The signing step of {instance.id} is not open.")
        secret = secrets.token_urlsafe(32)
        _queue(session, request, task, f"{settings.load().base_url}/sign/{secret}")
        return _hash(secret)

    def ask(self, session: Session, request: SignatureRequest) -> None:
        """The client's answer comes from the page behind the link."""

    def heard(self, session: Session, call: providers.Call) -> None:
        raise providers.CallRefused("The stand-in calls nobody.")


def register() -> None:
    providers.register(StandIn())


def by_secret(session: Session, secret: str) -> SignatureRequest | None:
    """The request that a link opens."""
    if len(secret) > LONGEST_SECRET:
        return None
    return session.scalars(
        select(SignatureRequest).where(
            SignatureRequest.provider == NAME, SignatureRequest.reference == _hash(secret)
        )
    ).first()


def sign(session: Session, request: SignatureRequest, name: str) -> bool:
    """Sign: keep a sheet that says who, when and what, and tell the salesperson.

    Args:
        session: the caller commits.
        request: which.
        name: as the signer wrote it.

    Returns:
        False when it can't be signed any more.
    """
    if not following.ended(session, request, "signed", name):
        return False
    instance = requests.instance_of(session, request)
    document = session.get_one(Document, request.document_id)
    sheet = (
        f"{document.file_name}\nSHA-256: {document.sha256}\n\n"
        f"Pasirašė / signed by: {name}\n{written(clock.now().isoformat(), 'lt')}\n\n"
        "Vietinis e. parašo pakaitalas: teisinės galios neturi.\n"
        "Local stand-in for an e-signature: without legal force.\n"
    )
    kept = files.keep(
        session,
        files.Upload("pasirasymo-lapas.txt", sheet.encode()),
        files.Place(instance.id, document.task_id, instance.client_id),
        kind="signature-sheet",
        by=None,
    )
    request.signed_document_id = kept.id
    return True


def refuse(session: Session, request: SignatureRequest, reason: str) -> bool:
    """Refuse to sign, and tell the salesperson why.

    Returns:
        False when it can't be refused any more.
    """
    return following.ended(session, request, "refused", reason)


def _queue(session: Session, request: SignatureRequest, task: UserTask, link: str) -> None:
    instance = requests.instance_of(session, request)
    variables = {
        **instance_variables(session, instance.id),
        **task.local_variables,
        "recipientEmail": request.signer_email,
        "signingLink": link,
        "signBy": request.expires_at.isoformat() if request.expires_at else None,
    }
    key, kind = str(task.help[requests.HELP]), ResourceKind.LETTER
    client = variables.get("client")
    spoken = client.get("language") if isinstance(client, dict) else None
    wanted = str(variables.get("letterLanguage") or spoken or texts.FIRST_LANGUAGE)
    version_id = version_of_text(session, instance.id, task.version_id, kind, key)
    language = texts.language_of(session, version_id, kind, key, wanted)
    context = merge.merge_context(session, instance, variables, language)
    text = texts.rendered(session, version_id, kind, key, language, context)
    document = session.get_one(Document, request.document_id)
    letter = queue_letter(
        session,
        Origin(
            instance.id,
            task.element_id,
            next_loop(session, instance.id, task.element_id),
            instance.client_id,
            task.assignee,
        ),
        Draft(
            template_key=key,
            language=language,
            sender=settings.load().mail_from,
            sender_name=_name(context.get("salesperson")),
            recipient=str(request.signer_email),
            recipient_name=request.signer_name,
            subject=text.subject,
            body=text.markdown,
        ),
        [Attachment(document.file_name, document.media_type, files.content(session, document))],
    )
    happened(session, letter.id, EventKind.LETTER_QUEUED, by=task.assignee)
    recording.add_words(session, instance.id, letter.subject)


def _name(salesperson: object) -> str:
    return str(salesperson.get("name") or "") if isinstance(salesperson, dict) else ""


def _hash(secret: str) -> str:
    return hashlib.sha256(secret.encode()).hexdigest()
