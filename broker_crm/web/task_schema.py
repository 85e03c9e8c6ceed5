"""Forms as their designers saved them, and the labels of all values that they offer."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from sqlalchemy.orm import Session

from broker_crm.definitions import published
from broker_crm.definitions.models import ResourceKind
from broker_crm.web import names


def schema(session: Session, version_id: int, form_key: str) -> Any:
    """One form of a version.

    Raises:
        NotPublished: when the version has no such form.
    """
    return json.loads(published.resource(session, version_id, ResourceKind.FORM, form_key))


def labels(session: Session, version_id: int) -> Mapping[str, str]:
    """Value to label over all forms of a version, in the visitor's language."""
    texts = names.catalogue(session, version_id)
    found: dict[str, str] = {}
    for content in published.resources(session, version_id, ResourceKind.FORM).values():
        _collect(json.loads(content), found)
    return {value: texts.get(label, label) for value, label in found.items()}


def reasons(session: Session, version_id: int, form_key: str | None = None) -> Mapping[str, str]:
    """Value to label over the fields of a version that ask for a reason, or for an outcome.

    The same code may stand for something else in another field, whose label is no reason.

    Args:
        session: for reading.
        version_id: of the process.
        form_key: of the form in which the reason was given, whose words come first.
    """
    forms = published.resources(session, version_id, ResourceKind.FORM)
    ordered = sorted(forms, key=lambda key: (key != form_key, key))
    read = [json.loads(forms[key]) for key in ordered]
    found: dict[str, str] = {}
    for ending in ("reason", "outcome"):
        for form in read:
            _collect(form, found, ending)
    texts = names.catalogue(session, version_id)
    return {value: texts.get(label, label) for value, label in found.items()}


def field_labels(session: Session, version_id: int, form_key: str) -> Mapping[str, str]:
    """Key to label of the fields of one form, in the visitor's language."""
    texts = names.catalogue(session, version_id)
    found: dict[str, str] = {}
    _collect_fields(schema(session, version_id, form_key), found)
    return {key: texts.get(label, label) for key, label in found.items()}


def _collect(part: Any, found: dict[str, str], ending: str = "") -> None:
    for component in part.get("components", []):
        if str(component.get("key", "")).lower().endswith(ending):
            for choice in component.get("values", []):
                found.setdefault(str(choice.get("value")), str(choice.get("label", "")))
        _collect(component, found, ending)


def _collect_fields(part: Any, found: dict[str, str]) -> None:
    for component in part.get("components", []):
        label = component.get("label") or component.get("dateLabel")
        if component.get("key") and label:
            found[component["key"]] = label
        _collect_fields(component, found)
