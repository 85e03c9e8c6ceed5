"""The texts beside a step: script, letter, presentation, offer, contract, with the client's data.

A letter is never sent with an empty field; here an empty field is shown and marked, so that the
salesperson sees what to ask for.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from flask_babel import get_locale
from markupsafe import Markup, escape
from sqlalchemy.orm import Session

from broker_crm.definitions.models import ResourceKind
from broker_crm.definitions.published import NotPublished
from broker_crm.outreach import blocks, documents, merge, offer_links
from broker_crm.outreach.texts import RenderedText, shown
from broker_crm.process.experiments.wording import version_of_text
from broker_crm.process.models import ProcessInstance, UserTask
from broker_crm.process.variables import instance_variables
from broker_crm.web import safe_text
from broker_crm.web.gaps import GAP, gap, marked
from broker_crm.web.wording import HELP, word

KINDS = {
    "script": ResourceKind.SCRIPT,
    "letter": ResourceKind.LETTER,
    "invitation": ResourceKind.LETTER,
    "signature": ResourceKind.LETTER,
    "presentation": ResourceKind.DOCUMENT,
    "offer": ResourceKind.DOCUMENT,
    "contract": ResourceKind.DOCUMENT,
}
FOR_COLLEAGUES = frozenset({"script"})


@dataclass(frozen=True, slots=True)
class HelpText:
    kind: str
    title: str
    subject: Markup | None
    html: Markup
    missing: bool
    """True when a field has no value yet."""
    is_document: bool = False
    """True when there is a Word file of it."""
    branches: bool = False
    """True when parts of it follow the answers in the form."""


def texts(session: Session, task: UserTask, instance: ProcessInstance) -> list[HelpText]:
    """The task's texts, filled in as far as the data goes."""
    wanted = [(kind, str(key)) for kind, key in task.help.items() if kind in KINDS]
    if not wanted:
        return []
    variables = _variables(session, task, instance)
    contexts: dict[str, Mapping[str, object]] = {}
    found = []
    for kind, key in wanted:
        language = _language(kind, variables)
        if language not in contexts:
            contexts[language] = merge.merge_context(session, instance, variables, language)
        try:
            found.append(_text(session, task, kind, key, language, contexts[language]))
        except NotPublished:
            continue
    return found


def document(
    session: Session, task: UserTask, instance: ProcessInstance, kind: str
) -> documents.FilledDocument:
    """The Word document that a task's help names, filled in as far as the data goes.

    Raises:
        NotPublished: when the task has no such document.
    """
    key = task.help.get(kind)
    if key is None or KINDS.get(kind) is not ResourceKind.DOCUMENT:
        raise NotPublished(f"The task has no document “{kind}”.")
    variables = _variables(session, task, instance)
    language = _language(kind, variables)
    context = merge.merge_context(session, instance, variables, language)
    version_id = _version_of(session, task, kind, str(key))
    return documents.draft(session, version_id, str(key), language, context)


def _text(
    session: Session,
    task: UserTask,
    kind: str,
    key: str,
    language: str,
    context: Mapping[str, object],
) -> HelpText:
    version_id = _version_of(session, task, kind, key)
    if KINDS[kind] is ResourceKind.DOCUMENT:
        sheet = documents.draft(session, version_id, key, language, context, gap).sheet
        html = blocks.html(sheet)
        return HelpText(
            kind, word(HELP, kind), None, marked(html), GAP.search(html) is not None, True
        )
    return _help(kind, shown(session, version_id, KINDS[kind], key, language, context, gap))


def _version_of(session: Session, task: UserTask, kind: str, key: str) -> int:
    """The version whose wording of a text the case gets."""
    return version_of_text(session, task.instance_id, task.version_id, KINDS[kind], key)


def _variables(session: Session, task: UserTask, instance: ProcessInstance) -> dict[str, object]:
    variables = {
        offer_links.FIELD: offer_links.address(),
        **instance_variables(session, instance.id),
        **task.local_variables,
    }
    return variables | task.draft if task.draft else variables


def _language(kind: str, variables: Mapping[str, object]) -> str:
    if kind in FOR_COLLEAGUES:
        return str(get_locale())
    client = variables.get("client")
    spoken = client.get("language") if isinstance(client, dict) else None
    return str(variables.get("letterLanguage") or spoken or get_locale())


def _help(kind: str, text: RenderedText) -> HelpText:
    drawn = safe_text.script if kind == "script" else safe_text.html
    html = drawn(text.markdown)
    return HelpText(
        kind,
        word(HELP, kind),
        marked(escape(text.subject)) if text.subject else None,
        marked(html),
        GAP.search(text.subject + text.markdown) is not None,
        branches="data-when=" in html,
    )
