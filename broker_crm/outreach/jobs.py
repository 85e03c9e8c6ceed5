"""The jobs of outreach: send-letter, remind, escalate, make-document."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from broker_crm import settings
from broker_crm.crm import files, product_documents
from broker_crm.crm.models import Client
from broker_crm.definitions.models import ResourceKind
from broker_crm.engine.dialect import listed
from broker_crm.engine.transition import EventKind, HappenedEvent
from broker_crm.outreach import documents, invitations, notifications, offer_links, texts
from broker_crm.outreach.letters import Attachment, Draft, Origin, next_loop, queue_letter
from broker_crm.outreach.merge import address_of, merge_context
from broker_crm.people.models import Role
from broker_crm.process import jobs
from broker_crm.process.experiments.wording import version_of_text
from broker_crm.process.jobs import JobCall
from broker_crm.process.models import TaskStatus, UserTask

TO_CLIENT = "client"


class JobRefused(Exception):
    """A job lacks what it needs; the message says what to mend."""


@dataclass(frozen=True, slots=True)
class _Receiver:
    address: str
    name: str


def register_all() -> None:
    """Let outreach carry out its jobs; safe to repeat."""
    jobs.register("send-letter", send_letter)
    jobs.register("remind", remind)
    jobs.register("escalate", escalate)
    jobs.register("alert", alert)
    jobs.register("make-document", make_document)
    invitations.register_all()


def send_letter(call: JobCall) -> Mapping[str, object]:
    """Queue a letter.

    Headers: `letter` (template), `to` ('client' or an address), `language`, `attach` (documents,
    separated by commas), `productDocuments` (kinds of the product's dated documents, `ipid` and
    `kid`, of which those in force go along), `purpose` ('marketing' needs the client's permission
    when it is sent). Gives `letterId`. A letter that names `offerLink` gets a link to the newest
    offer of the case, which opens the first file of `attach`.

    Raises:
        JobRefused: when a header is missing, there is no address, or nothing that the link opens.
        FeelError: when a field is empty or fails; nothing is queued.
        HeaderRefused: when the subject or the address can't stand in a header.
    """
    key = _header(call, "letter")
    case = call.case
    version_id = _version_of(call, ResourceKind.LETTER, key)
    language = texts.language_of(
        call.session, version_id, ResourceKind.LETTER, key, _language(call)
    )
    receiver = _receiver(call)
    variables = {**call.job.variables, "recipientEmail": receiver.address}
    context = merge_context(call.session, case, variables, language)
    attached = listed(call.job.headers.get("attach"))
    link = _offer_link(call, key, language, attached)
    if link is not None:
        context[offer_links.FIELD] = link.address
    text = texts.rendered(call.session, version_id, ResourceKind.LETTER, key, language, context)
    loop = next_loop(call.session, case.id, call.job.element_id)
    salesperson = context.get("salesperson")
    sender_name = salesperson.get("name") if isinstance(salesperson, Mapping) else None
    letter = queue_letter(
        call.session,
        Origin(case.id, call.job.element_id, loop, case.client_id, call.actor or case.owner),
        Draft(
            template_key=key,
            language=language,
            sender=settings.load().mail_from,
            sender_name=str(sender_name or ""),
            recipient=receiver.address,
            recipient_name=receiver.name,
            subject=text.subject,
            body=text.markdown,
            purpose=str(call.job.headers.get("purpose") or "") or None,
        ),
        [
            documents.attachment(
                documents.document(
                    call.session,
                    _version_of(call, ResourceKind.DOCUMENT, each),
                    each,
                    language,
                    context,
                )
            )
            for each in attached
        ]
        + _product_documents(call),
    )
    if link is not None:
        link.carried_by(letter)
    case.words.append(letter.subject)
    call.events.append(
        HappenedEvent(
            EventKind.LETTER_QUEUED,
            element_id=call.job.element_id,
            element_name=call.job.element_name,
            value={"letter": str(letter.id), "template": key},
            loop_number=loop,
        )
    )
    return {"letterId": str(letter.id)}


def remind(call: JobCall) -> Mapping[str, object]:
    """Remind the assignee of the host task, or everybody in its group while nobody took it.

    With the header `clientLetter` a client who was invited to the meeting is reminded by that
    letter, once for each time agreed.
    """
    letter = call.job.headers.get("clientLetter")
    for task in _open_hosts(call):
        whom = (
            [task.assignee]
            if task.assignee
            else notifications.active_members(call.session, task.candidate_group or "")
        )
        _notify(call, task, notifications.REMINDER, EventKind.REMINDED, whom)
        if letter:
            invitations.remind(call.session, task, str(letter))
    return {}


def escalate(call: JobCall) -> Mapping[str, object]:
    """Tell the sales managers that the host task is late."""
    for task in _open_hosts(call):
        whom = notifications.sales_managers(call.session)
        _notify(call, task, notifications.ESCALATION, EventKind.ESCALATED, whom)
    return {}


def alert(call: JobCall) -> Mapping[str, object]:
    """Tell people at once what the element's name says.

    Headers: `to`, roles or 'owner', separated by commas; a FEEL expression may give logins too.

    Raises:
        JobRefused: when the header is missing.
    """
    whom: list[str] = []
    for each in listed(_header(call, "to")):
        if each == "owner":
            whom += [call.case.owner] if call.case.owner else []
        elif each in set(Role):
            whom += notifications.active_members(call.session, each)
        else:
            whom.append(each)
    told = notifications.alert(
        call.session, call.case, call.job.element_id, call.job.element_name or "", whom
    )
    if told:
        call.note(EventKind.ESCALATED, {"to": told})
    return {}


def make_document(call: JobCall) -> Mapping[str, object]:
    """Fill in a document: headers `document` (template) and `language`.

    The Word file is kept with the case. Gives `document`: its id, key, language and file name.

    Raises:
        JobRefused: when the header is missing.
        FeelError: when a field is empty or fails.
    """
    key = _header(call, "document")
    case = call.case
    kind = ResourceKind.DOCUMENT
    version_id = _version_of(call, kind, key)
    language = texts.language_of(call.session, version_id, kind, key, _language(call))
    context = merge_context(call.session, case, call.job.variables, language)
    made = documents.document(call.session, version_id, key, language, context)
    kept = files.keep(
        call.session,
        files.Upload(made.name("docx"), made.content),
        files.Place(case.id, client_id=case.client_id),
        kind=key,
        by=call.actor or case.owner,
    )
    told = {"document": key, "language": language, "file": str(kept.id)}
    call.note(EventKind.DOCUMENT_MADE, told)
    return {
        "document": {
            "id": str(kept.id),
            "key": key,
            "language": language,
            "fileName": kept.file_name,
        }
    }


def _version_of(call: JobCall, kind: ResourceKind, key: str) -> int:
    """The version whose wording of a text the case gets."""
    return version_of_text(call.session, call.case.id, call.case.version_id, kind, key)


def _offer_link(
    call: JobCall, key: str, language: str, attached: Sequence[str]
) -> offer_links.OfferLink | None:
    kind = ResourceKind.LETTER
    version_id = _version_of(call, kind, key)
    if not texts.reads(call.session, version_id, kind, key, language, offer_links.FIELD):
        return None
    if not attached:
        raise JobRefused(
            f"The letter “{key}” names “{offer_links.FIELD}” and brings no document. "
            "Add the header “attach” to the element in the diagram."
        )
    return offer_links.made(call.session, call.case)


def _product_documents(call: JobCall) -> list[Attachment]:
    kinds = listed(call.job.headers.get("productDocuments"))
    found = product_documents.of_case(call.session, call.case.id, call.case.product_id, kinds)
    return [
        Attachment(
            each.file.file_name, each.file.media_type, files.content(call.session, each.file)
        )
        for each in found
    ]


def _notify(call: JobCall, task: UserTask, kind: str, event: EventKind, whom: list[str]) -> None:
    told = notifications.notify(call.session, kind, task, call.case.title, whom)
    if told or not whom:
        call.note(event, {"to": told}, task_id=task.id)


def _open_hosts(call: JobCall) -> list[UserTask]:
    """The task that the path hangs on, or its instances, while they are open and not paused."""
    if call.job.host_task_id is None:
        raise JobRefused(
            f"The job “{call.job.type}” belongs on the path of a timer at a user task."
        )
    identifiers = call.job.host_instances or (call.job.host_task_id,)
    found = [call.session.get(UserTask, identifier) for identifier in identifiers]
    return [
        task
        for task in found
        if task is not None and task.status == TaskStatus.OPEN and task.pause_reason is None
    ]


def _receiver(call: JobCall) -> _Receiver:
    to = call.job.headers.get("to") or TO_CLIENT
    client = (
        call.session.get(Client, call.case.client_id) if call.case.client_id is not None else None
    )
    if to == TO_CLIENT:
        found = address_of(client) if client is not None else None
        if not found:
            raise JobRefused("The client has no e-mail address. Enter one on the client's card.")
        to = found
    address = str(to).strip()
    for contact in client.contacts if client is not None else ():
        if contact.email and contact.email.casefold() == address.casefold():
            return _Receiver(address, f"{contact.first_name} {contact.surname}")
    same = client is not None and (client.email or "").casefold() == address.casefold()
    return _Receiver(address, client.name if client is not None and same else "")


def _language(call: JobCall) -> str:
    wanted = call.job.headers.get("language")
    if not wanted:
        client = call.job.variables.get("client")
        wanted = client.get("language") if isinstance(client, Mapping) else None
    return str(wanted or texts.FIRST_LANGUAGE)


def _header(call: JobCall, name: str) -> str:
    value = call.job.headers.get(name)
    if not value:
        raise JobRefused(f"The header “{name}” is missing. Add it to the element in the diagram.")
    return str(value)
