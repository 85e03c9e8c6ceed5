"""Validates a submission against a form: what is accepted, or errors by field."""

from __future__ import annotations

from collections.abc import Mapping
from copy import deepcopy
from typing import Any

from broker_crm.definitions.forms.conditions import Shown, is_true, shown, worked_out
from broker_crm.definitions.forms.data import get, put
from broker_crm.definitions.forms.errors import FieldError, FormRejected
from broker_crm.definitions.forms.model import CHOICES, TEXTS, Field, Form, Path
from broker_crm.definitions.forms.rules import broken_rules
from broker_crm.definitions.forms.values import (
    WrongType,
    accept,
    is_blank,
    offers,
    options,
    same,
)

MAX_ROWS = 200


def validate(
    form: Form, submission: Mapping[str, object], context: Mapping[str, object]
) -> dict[str, object]:
    """What the form accepts of a submission.

    Hidden, disabled and read-only fields give nothing; expression fields are worked out here; a
    shown field that is left out counts as the form first shows it without variables. Empty texts
    become null.

    Args:
        form: the form.
        submission: values by key, nested as the form's groups and lists are.
        context: the process's variables; needed when `form.reads_variables`.

    Raises:
        FormRejected: with the errors of every refused field.
    """
    return _Submission(form, context).validated(submission)


class _Submission:
    def __init__(self, form: Form, context: Mapping[str, object]) -> None:
        self.form = form
        self.context = context
        self.initial: dict[str, Any] = deepcopy(dict(context))
        self.data: dict[str, Any] = {}
        self.given: dict[Path, Any] = {}
        self.errors: dict[Path, list[FieldError]] = {}

    def validated(self, submission: Mapping[str, object]) -> dict[str, object]:
        self._show_first(self.form.fields, ())
        self.data = deepcopy(self.initial)
        self._take(self.form.fields, submission, ())
        visible = self._settled()
        self._refuse_hidden({found.path for found in visible})
        accepted: dict[str, Any] = {}
        for found in visible:
            self._accept(found, accepted)
        if self.errors:
            raise FormRejected(
                {".".join(map(str, path)): errors for path, errors in self.errors.items()}
            )
        return accepted

    def _show_first(self, fields: tuple[Field, ...], above: Path) -> None:
        """Lay out the data as the form first shows it with the process's variables."""
        for field in fields:
            path = above + field.path
            current = get(self.context, path)
            if field.keyed:
                put(self.initial, path, self._sanitized(field, current))
            elif field.repeats:
                rows = current if isinstance(current, list) else [{}] * _repetitions(field)
                rows = [deepcopy(row) if isinstance(row, dict) else {} for row in rows[:MAX_ROWS]]
                put(self.initial, path, rows)
                for number in range(len(rows)):
                    self._show_first(field.fields, (*path, number))
            else:
                self._show_first(field.fields, path)

    def _sanitized(self, field: Field, current: Any) -> Any:
        if current is None:
            return deepcopy(field.untouched)
        if field.type == "expression":
            return current
        try:
            value = accept(field, current)
        except WrongType:
            return deepcopy(field.empty)
        if field.type in CHOICES and not field.attributes.get("valuesExpression"):
            offered = options(field, self.context, None)
            if isinstance(value, list) and isinstance(field.empty, list):
                return [each for each in value if offers(field, [each], offered)]
            return value if offers(field, value, offered) else None
        return value

    def _take(self, fields: tuple[Field, ...], said: Mapping[str, Any], above: Path) -> None:
        """Lay the submitted values over the data; refuse unknown keys and wrong types."""
        known = _tree(fields)
        self._refuse_unknown(known, said, above)
        for field, local in _leaves(fields):
            path = above + local
            raw = get(said, local)
            if field.repeats:
                self._take_rows(field, raw, path)
                continue
            if field.type == "expression":
                continue
            self.given[path] = raw
            if field.attributes.get("disabled") or field.attributes.get("readonly") is True:
                continue
            value = deepcopy(field.untouched) if raw is None and local[0] not in said else raw
            try:
                value = accept(field, value)
                if field.type in CHOICES and not self._is_offered(field, value):
                    self._refuse(path, "option")
                    value = field.empty
            except WrongType:
                self._refuse(path, "type")
                value = field.empty
            put(self.data, path, value)

    def _take_rows(self, field: Field, raw: Any, path: Path) -> None:
        self.given[path] = raw
        if raw is None:
            raw = []
        if not isinstance(raw, list) or not all(isinstance(row, dict) for row in raw):
            self._refuse(path, "type")
            raw = []
        fixed = field.attributes.get("allowAddRemove") is False
        if len(raw) > MAX_ROWS or (fixed and len(raw) != len(get(self.initial, path) or [])):
            self._refuse(path, "rows")
            raw = []
        put(self.data, path, [{} for _ in raw])
        for number, row in enumerate(raw):
            self._take(field.fields, row, (*path, number))

    def _is_offered(self, field: Field, value: Any) -> bool:
        by_expression = field.attributes.get("valuesExpression") and not (
            field.attributes.get("valuesKey") or "values" in field.attributes
        )
        return bool(by_expression) or offers(field, value, options(field, self.context, None))

    def _refuse_unknown(self, known: dict[str, Any], said: Mapping[str, Any], above: Path) -> None:
        for key, value in said.items():
            inner = known.get(key)
            if inner is None:
                self._refuse((*above, key), "unknown")
            elif isinstance(inner, dict) and value is not None:
                if isinstance(value, Mapping):
                    self._refuse_unknown(inner, value, (*above, key))
                else:
                    self._refuse((*above, key), "type")

    def _settled(self) -> list[Shown]:
        """What is shown, once computed fields and choices by expression agree with the data."""
        limit = 2 + sum(field.type == "expression" for field in self.form.every_field())
        visible = shown(self.form, self.data, self.initial)
        for _ in range(limit):
            if not self._worked_out(visible):
                break
            visible = shown(self.form, self.data, self.initial)
        return visible

    def _worked_out(self, visible: list[Shown]) -> bool:
        changed = False
        for found in visible:
            field, value = found.field, get(self.data, found.path)
            said = field.attributes
            if field.type == "expression" and not said.get("disabled"):
                result = worked_out(said.get("expression"), found.scope)
                if not same(result, value):
                    put(self.data, found.path, result)
                    changed = True
            elif field.type in CHOICES and said.get("valuesExpression"):
                offered = worked_out(said["valuesExpression"], found.scope)
                if not offers(field, value, options(field, self.context, offered)):
                    self._refuse(found.path, "option")
                    put(self.data, found.path, deepcopy(field.empty))
                    changed = True
        return changed

    def _refuse_hidden(self, visible: set[Path]) -> None:
        for path, raw in self.given.items():
            if path not in visible and not is_blank(raw):
                self.errors[path] = [FieldError("hidden")]
            elif path not in visible:
                self.errors.pop(path, None)

    def _accept(self, found: Shown, accepted: dict[str, Any]) -> None:
        field, path = found.field, found.path
        if field.repeats:
            put(accepted, path, [{} for _ in get(self.data, path) or []])
            return
        if not field.keyed:
            return
        value = get(self.data, path)
        if field.type == "expression":
            if not field.attributes.get("disabled"):
                put(accepted, path, value)
            return
        if _is_fixed(found):
            raw = self.given.get(path)
            untouched = same(raw, get(self.initial, path)) or same(raw, get(self.context, path))
            if not is_blank(raw) and not untouched:
                self._refuse(path, "disabled")
            return
        if path in self.errors:
            return
        errors = broken_rules(found, value)
        if errors:
            self.errors[path] = errors
        put(accepted, path, None if field.type in TEXTS and value == "" else value)

    def _refuse(self, path: Path, code: str) -> None:
        self.errors.setdefault(path, [FieldError(code)])


def _is_fixed(found: Shown) -> bool:
    said = found.field.attributes
    readonly = said.get("readonly")
    if isinstance(readonly, str) and readonly.startswith("="):
        return is_true(readonly, found.scope)
    return bool(said.get("disabled") or readonly)


def _repetitions(field: Field) -> int:
    said = field.attributes.get("defaultRepetitions", 1)
    return min(said, MAX_ROWS) if isinstance(said, int) and said > 0 else 0


def _leaves(
    fields: tuple[Field, ...], above: tuple[str, ...] = ()
) -> list[tuple[Field, tuple[str, ...]]]:
    """Fields with values and repeating lists, with their paths; groups are gone through."""
    found: list[tuple[Field, tuple[str, ...]]] = []
    for field in fields:
        path = above + field.path
        if field.keyed or field.repeats:
            found.append((field, path))
        else:
            found.extend(_leaves(field.fields, path))
    return found


def _tree(fields: tuple[Field, ...]) -> dict[str, Any]:
    """The keys that may be said: True for a value or list of rows, a mapping for a group."""
    tree: dict[str, Any] = {}
    for _, path in _leaves(fields):
        target = tree
        for step in path[:-1]:
            target = target.setdefault(step, {})
        target[path[-1]] = True
    return tree
