"""What is tried: a published version of a process, or the workshop's drafts of it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from flask import request
from flask_babel import get_locale
from flask_babel import gettext as _
from sqlalchemy import select

from broker_crm.definitions.bundle import Bundle, arrange, bundles
from broker_crm.definitions.models import ProcessVersion, ResourceKind
from broker_crm.definitions.translations import read_catalogue
from broker_crm.definitions.workspace import files
from broker_crm.engine.definition import compile_process
from broker_crm.engine.errors import DiagramRefused
from broker_crm.scenarios.gate import published_bundles
from broker_crm.web import database
from broker_crm.web.errors import NotFound

DRAFTS = "drafts"


@dataclass(frozen=True, slots=True)
class Tried:
    """One process as it is tried, with all that stands on its stage."""

    choice: str
    """Id of the version, or 'drafts'."""
    label: str
    bundle: Bundle
    stage: list[Bundle]

    @property
    def key(self) -> str:
        return self.bundle.process_key

    @property
    def texts(self) -> Mapping[str, str]:
        """Names and texts in the visitor's language."""
        known = self.bundle.of(ResourceKind.TRANSLATION)
        language = str(get_locale())
        return read_catalogue(known[language]) if language in known else {}

    @property
    def name(self) -> str:
        return self.texts.get(self.bundle.name, self.bundle.name)

    def schema(self, form_key: str) -> Any:
        """A form as its designer saved it."""
        return json.loads(self.bundle.of(ResourceKind.FORM)[form_key])

    def xml(self) -> bytes:
        """The diagram.

        Raises:
            NotFound: it can't be drawn.
        """
        diagrams = self.bundle.of(ResourceKind.DIAGRAM)
        try:
            return diagrams[compile_process(self.bundle.source).file]
        except DiagramRefused as error:
            raise NotFound from error

    def needs(self) -> str:
        """What a case begins with besides client and product; '' when nothing."""
        try:
            start = compile_process(self.bundle.source).start_event
        except DiagramRefused:
            return ""
        return start.properties.get("requires", "")


def chosen(process_key: str) -> Tried:
    """What the request names, else the latest version. The session is given back afterwards.

    Raises:
        NotFound: there is no such process or version.
    """
    wish = request.values.get("version", "")
    session = database.current()
    try:
        if wish == DRAFTS:
            return _drafts(process_key)
        statement = select(ProcessVersion).where(ProcessVersion.process_key == process_key)
        if wish.isdigit() and len(wish) < 10:
            statement = statement.where(ProcessVersion.id == int(wish))
        version = session.scalars(statement.order_by(ProcessVersion.number.desc()).limit(1)).first()
        if version is None:
            raise NotFound
        stage = published_bundles(session, version)
        own = next(bundle for bundle in stage if bundle.process_key == process_key)
        label = _("version %(number)s", number=version.number)
        return Tried(str(version.id), label, own, stage)
    finally:
        database.reread()


def has_drafts() -> bool:
    """True when the workshop holds anything that is not published."""
    return bool(files.drafts(database.current()))


def _drafts(process_key: str) -> Tried:
    folder = arrange(files.workspace_files(database.current()))
    stage = list(bundles(folder))
    for bundle in stage:
        if bundle.process_key == process_key:
            return Tried(DRAFTS, _("drafts"), bundle, stage)
    raise NotFound
