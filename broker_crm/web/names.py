"""Names from diagrams and forms in the visitor's language, through the version's catalogues."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from flask_babel import get_locale
from sqlalchemy.orm import Session

from broker_crm.definitions import published


def catalogue(session: Session, version_id: int) -> Mapping[str, str]:
    """Original text to the visitor's language; empty when that is the original's."""
    return published.catalogue(session, version_id, str(get_locale()))


def name(session: Session, version_id: int, text: str | None) -> str:
    """One name in the visitor's language."""
    return catalogue(session, version_id).get(text or "", text or "")


def options(schema: Any, key: str) -> dict[str, str]:
    """Value to label of the choices that a form offers for one key."""
    if isinstance(schema, list):
        return {value: label for part in schema for value, label in options(part, key).items()}
    if not isinstance(schema, dict):
        return {}
    if schema.get("key") == key and isinstance(schema.get("values"), list):
        return {str(choice["value"]): str(choice["label"]) for choice in schema["values"]}
    return options(schema.get("components", []), key)
