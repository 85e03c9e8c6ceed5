"""How a template looks for a client: chosen by case, by name, or invented."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any
from uuid import UUID

from flask import request, url_for
from flask_babel import gettext as _
from markupsafe import escape
from sqlalchemy import select
from sqlalchemy.orm import Session

from broker_crm import clock
from broker_crm.crm import clients
from broker_crm.crm.models import Client
from broker_crm.definitions.models import ResourceKind
from broker_crm.definitions.templates import Template
from broker_crm.outreach import merge, pdf, previewing
from broker_crm.people.models import User
from broker_crm.process.models import ProcessInstance
from broker_crm.process.rights import may_see_instance, visible_instances
from broker_crm.web import cases, gaps, names, paging, safe_text
from broker_crm.web.errors import NotFound
from broker_crm.web.wording import EXAMPLE_CLIENT, word

MOST_FOUND = 8
MOST_CASES = 20


@dataclass(frozen=True, slots=True)
class Choice:
    """For whom, in which process and language."""

    language: str
    version_id: int
    client: str
    """Id of a client, or the name of an invented one."""
    case: UUID | None

    @classmethod
    def of_request(cls, template: Template, language: str) -> Choice:
        versions = [use.version.id for use in template.uses]
        asked = request.args.get("version", type=int)
        if not versions:
            raise NotFound
        try:
            case = UUID(request.args.get("case", ""))
        except ValueError:
            case = None
        client = request.args.get("client", "")
        return cls(language, asked if asked in versions else versions[0], client or "legal", case)

    @property
    def client_id(self) -> int | None:
        return int(self.client) if self.client.isdecimal() and len(self.client) < 10 else None

    def address(self, endpoint: str, template: Template, **changes: object) -> str:
        """The same choice at an address, with what is to change."""
        chosen: dict[str, Any] = {
            "language": self.language,
            "version": self.version_id,
            "client": self.client,
            "case": self.case,
            **changes,
        }
        return url_for(endpoint, kind=template.kind, key=template.key, **chosen)


def filled(session: Session, user: User, template: Template, choice: Choice) -> previewing.Preview:
    """The template filled in for the choice.

    Raises:
        NotFound: when the user may not see the client or the case.
    """
    context = _context(session, user, choice)
    return previewing.preview(
        session,
        choice.version_id,
        template.kind,
        template.key,
        choice.language,
        context,
        gaps.gap,
    )


def view(session: Session, user: User, template: Template, choice: Choice) -> dict[str, Any]:
    """The preview's card: choices, the text, and what is missing."""
    made = filled(session, user, template, choice)
    client = _client(session, user, choice)
    here = "template_library.show"
    search = paging.search_text()
    shown: dict[str, Any] = {
        "search": search,
        "found": [
            (each.name, choice.address(here, template, client=each.id, case=None, q=None))
            for each in _clients(session, user, search)
        ],
        "examples": [
            (
                word(EXAMPLE_CLIENT, kind),
                choice.address(here, template, client=kind, case=None),
                kind == choice.client and choice.case is None,
            )
            for kind in previewing.EXAMPLES
        ],
        "processes": [
            (name, choice.address(here, template, version=used), used == choice.version_id)
            for used, name in _processes(session, template).items()
        ],
        "cases": _cases(session, user, client, template, choice),
        "client": client.name if client else word(EXAMPLE_CLIENT, choice.client),
        "is_example": client is None,
        "needs_case": client is not None and choice.case is None,
        "missing": made.missing,
        "to": _receiver(client) if template.kind is ResourceKind.LETTER else None,
        "hidden": {
            "language": choice.language,
            "version": choice.version_id,
        },
    }
    if made.text is not None:
        drawn = safe_text.script if template.kind is ResourceKind.SCRIPT else safe_text.html
        shown["subject"] = gaps.marked(escape(made.text.subject))
        shown["html"] = gaps.marked(drawn(made.text.markdown))
    if made.document is not None:
        pages = len(pdf.pictures(made.document.content, made.language, clock.now()))
        shown["pages"] = [
            choice.address("template_library.page", template, number=number + 1)
            for number in range(pages)
        ]
        shown["pdf"] = choice.address("template_library.drawn", template)
    return shown


def _clients(session: Session, user: User, search: str) -> list[Client]:
    return clients.search_clients(session, search, user, MOST_FOUND) if search else []


def _context(session: Session, user: User, choice: Choice) -> dict[str, object]:
    if choice.case is not None:
        if not may_see_instance(session, user, choice.case):
            raise NotFound
        instance = session.get_one(ProcessInstance, choice.case)
        return previewing.of_case(session, instance, choice.language)
    client = _client(session, user, choice)
    if client is not None:
        return previewing.of_client(client, user, choice.language)
    if choice.client not in previewing.EXAMPLES:
        raise NotFound
    return previewing.of_example(session, choice.version_id, choice.client, choice.language)


def _client(session: Session, user: User, choice: Choice) -> Client | None:
    """The real client; None for an invented one."""
    if choice.case is not None:
        instance = session.get(ProcessInstance, choice.case)
        if instance is None or not may_see_instance(session, user, choice.case):
            raise NotFound
        return session.get(Client, instance.client_id) if instance.client_id else None
    if choice.client_id is None:
        return None
    client = session.get(Client, choice.client_id)
    if client is None or not clients.may_see_client(session, user, client):
        raise NotFound
    return client


def _cases(
    session: Session, user: User, client: Client | None, template: Template, choice: Choice
) -> list[tuple[str, str, bool]]:
    """Cases of the client, or the newest ones, whose process uses the template."""
    processes = {use.version.process_key for use in template.uses}
    wanted = (
        select(ProcessInstance, Client.name)
        .outerjoin(Client, Client.id == ProcessInstance.client_id)
        .where(ProcessInstance.process_key.in_(processes), visible_instances(user))
        .order_by(ProcessInstance.started_at.desc(), ProcessInstance.id)
        .limit(MOST_CASES)
    )
    if client is not None:
        wanted = wanted.where(ProcessInstance.client_id == client.id)
    here = "template_library.show"
    return [
        (
            cases.title(session, instance, name),
            choice.address(here, template, case=instance.id, client=None),
            instance.id == choice.case,
        )
        for instance, name in session.execute(wanted)
    ]


def _processes(session: Session, template: Template) -> dict[int, str]:
    return {
        use.version.id: names.name(session, use.version.id, use.version.name)
        for use in template.uses
    }


def _receiver(client: Client | None) -> str | None:
    if client is None:
        return None
    return merge.address_of(client) or _("The client has no e-mail address.")
