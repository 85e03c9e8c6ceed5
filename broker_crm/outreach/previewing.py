"""A template as it would look for a client and a case, with the fields that are still empty."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from sqlalchemy.orm import Session

from broker_crm import clock
from broker_crm.calendar import OFFICE
from broker_crm.crm.models import Client, ContactPerson, Product
from broker_crm.definitions.examples import example_variables
from broker_crm.definitions.models import ResourceKind
from broker_crm.outreach import documents, merge, offer_links, texts
from broker_crm.people.models import User
from broker_crm.process.models import ProcessInstance
from broker_crm.process.variables import instance_variables


@dataclass(frozen=True, slots=True)
class Preview:
    language: str
    """In which the text is, which may not be the one asked for."""
    missing: tuple[str, ...]
    """The fields without a value, each once."""
    text: texts.RenderedText | None = None
    """Of a letter or script."""
    document: documents.FilledDocument | None = None


def preview(
    session: Session,
    version_id: int,
    kind: ResourceKind,
    key: str,
    language: str,
    context: Mapping[str, object],
    mark: Callable[[str], str],
) -> Preview:
    """Fill a template in as far as the values go.

    Args:
        session: only read.
        version_id: of the process.
        kind: letter, script or document.
        key: of the template.
        language: wanted; Lithuanian where it is missing.
        context: as `of_case` or `of_example` give it.
        mark: what is shown instead of a field without a value.

    Raises:
        NotPublished: when the version has no such template.
    """
    missing: dict[str, None] = {}

    def noted(field: str) -> str:
        missing[field] = None
        return mark(field)

    language = texts.language_of(session, version_id, kind, key, language)
    if kind is ResourceKind.DOCUMENT:
        made = documents.draft(session, version_id, key, language, context, noted)
        return Preview(language, tuple(missing), document=made)
    text = texts.shown(session, version_id, kind, key, language, context, noted)
    return Preview(language, tuple(missing), text)


def of_case(session: Session, instance: ProcessInstance, language: str) -> dict[str, object]:
    """What the texts of a case may name."""
    to_come = {offer_links.FIELD: offer_links.address()}
    variables = {**to_come, **instance_variables(session, instance.id)}
    return merge.merge_context(session, instance, variables, language)


def of_client(client: Client, by: User, language: str) -> dict[str, object]:
    """What is known of a client without any case; the reader stands for the salesperson."""
    return merge.context_of({}, language, client=client, owner=by)


def of_example(
    session: Session, version_id: int, kind: str, language: str, *, optional: bool = True
) -> dict[str, object]:
    """Invented values for all that the texts of a process name.

    Args:
        session: only read.
        version_id: of the process.
        kind: one of `EXAMPLES`.
        language: of the text.
        optional: False leaves out what forms do not require.
    """
    today = clock.now().astimezone(OFFICE).date()
    return merge.context_of(
        example_variables(session, version_id, today, optional=optional),
        language,
        client=EXAMPLES[kind](),
        product=Product(key="property", name="Turto draudimas", name_en="Property insurance"),
        owner=User(name="Rūta Pavyzdienė", email="ruta@brokeris.example", phone="+37060000000"),
    )


def _client(kind: str, name: str, contact: ContactPerson, **facts: object) -> Client:
    return Client(
        kind=kind,
        name=name,
        address="Pavyzdžių g. 1, Vilnius",
        email="klientas@klientas.example",
        phone="+37060000001",
        contacts=[contact],
        **{"vip": False, "language": "lt", "code": None, **facts},
    )


EXAMPLES: Mapping[str, Callable[[], Client]] = {
    "natural": lambda: _client(
        "natural",
        "Eglė Pavyzdienė",
        ContactPerson(first_name="Eglė", surname="Pavyzdienė", role="self"),
    ),
    "legal": lambda: _client(
        "legal",
        "UAB „Pavyzdys“",
        ContactPerson(first_name="Jonas", surname="Pavyzdys", role="director"),
        code="999999999",
    ),
    "vip": lambda: _client(
        "legal",
        "AB „Didysis pavyzdys“",
        ContactPerson(first_name="Kęstutis", surname="Pavyzdys", role="director"),
        code="999999998",
        vip=True,
    ),
    "foreign": lambda: _client(
        "foreign",
        "Example Trading GmbH",
        ContactPerson(first_name="John", surname="Example", role="director"),
        language="en",
    ),
}
"""Invented clients of every kind."""
