"""The dry run: what each row would do, and what is wrong with it; nothing is written."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from broker_crm.crm.importing.fields import FIELDS
from broker_crm.crm.importing.reading import Table
from broker_crm.crm.importing.values import Wrong, value_of
from broker_crm.crm.likeness import TOLD_BY, company_name, keys
from broker_crm.crm.models import Client, ClientKind, Insurer, InsurerFormerName, Policy, Product
from broker_crm.definitions.forms import FieldError
from broker_crm.people.models import User
from broker_crm.process.plain_text import plain

KINDS = {
    "fizinis": ClientKind.NATURAL,
    "natural": ClientKind.NATURAL,
    "juridinis": ClientKind.LEGAL,
    "imone": ClientKind.LEGAL,
    "legal": ClientKind.LEGAL,
    "uzsienio": ClientKind.FOREIGN,
    "foreign": ClientKind.FOREIGN,
}
LANGUAGES = {"lt": "lt", "lietuviu": "lt", "en": "en", "anglu": "en"}


@dataclass(slots=True)
class PlannedRow:
    """What one row would do."""

    number: int
    action: str = "created"
    """'created', 'updated' or 'unchanged'."""
    record_id: int | None = None
    values: dict[str, Any] = field(default_factory=dict)
    before: dict[str, Any] = field(default_factory=dict)
    errors: dict[str, FieldError] = field(default_factory=dict)
    shown: str = ""


@dataclass(frozen=True, slots=True)
class Plan:
    rows: tuple[PlannedRow, ...]
    missing: tuple[str, ...]
    """Required fields that no column is given for."""

    def count(self, action: str) -> int:
        return sum(1 for row in self.rows if not row.errors and row.action == action)

    @property
    def faulty(self) -> list[PlannedRow]:
        return [row for row in self.rows if row.errors]

    @property
    def may_be_imported(self) -> bool:
        return not self.missing and not self.faulty and bool(self.rows)


def plan(session: Session, kind: str, table: Table, mapping: Mapping[str, str]) -> Plan:
    """Work out what a file would do.

    Args:
        session: for reading.
        kind: 'clients' or 'policies'.
        table: the file.
        mapping: field to column; columns that are not named are left out.
    """
    fields = [each for each in FIELDS[kind] if mapping.get(each.key) in table.columns]
    missing = tuple(each.key for each in FIELDS[kind] if each.required and each not in fields)
    if missing:
        return Plan((), missing)
    places = {each.key: table.columns.index(mapping[each.key]) for each in fields}
    judge = _Clients(session) if kind == "clients" else _Policies(session)
    rows = []
    for number, cells in table.rows:
        row = PlannedRow(number, shown=cells[places[fields[0].key]])
        for each in fields:
            try:
                found = value_of(each, cells[places[each.key]])
            except Wrong as wrong:
                row.errors[each.key] = wrong.error
                continue
            if found is None and each.required:
                row.errors[each.key] = FieldError("required")
            elif found is not None:
                row.values[each.key] = found
        if not row.errors:
            judge.judge(row)
        rows.append(row)
    return Plan(tuple(rows), ())


class _Clients:
    """Finds the client that a row is about: by company code, VAT code, e-mail, name and phone."""

    def __init__(self, session: Session) -> None:
        living = session.scalars(
            select(Client).where(Client.merged_into.is_(None), Client.erased_at.is_(None))
        ).all()
        self._by: dict[tuple[str, str], Client] = {}
        for client in reversed(living):
            for key in keys({name: getattr(client, name) for name in TOLD_BY}):
                self._by[key] = client
        self._users = set(session.scalars(select(User.login).where(User.active.is_(True))))
        self._seen: set[tuple[str, str]] = set()

    def judge(self, row: PlannedRow) -> None:
        values = row.values
        self._read_words(row)
        owner = values.get("owner")
        if owner is not None and owner not in self._users:
            row.errors["owner"] = FieldError("noSuchPerson")
        told = keys(values)
        known = next((self._by[key] for key in told if key in self._by), None)
        if any(key in self._seen for key in told if key[0] in ("code", "vat_code")):
            row.errors["code"] = FieldError("twiceInFile")
        self._seen.update(told)
        if known is None:
            values.setdefault(
                "kind", ClientKind.LEGAL if values.get("code") else ClientKind.NATURAL
            )
            return
        row.record_id = known.id
        row.before = {
            key: getattr(known, key) for key, new in values.items() if getattr(known, key) != new
        }
        row.action = "updated" if row.before else "unchanged"

    def _read_words(self, row: PlannedRow) -> None:
        for key, words in (("kind", KINDS), ("language", LANGUAGES)):
            told = row.values.get(key)
            if told is None:
                continue
            found = words.get(plain(str(told)).split()[0] if plain(str(told)).split() else "")
            if found is None:
                row.errors[key] = FieldError("option")
            else:
                row.values[key] = str(found)


class _Policies:
    """Finds insurer, product and client by what offices write, and the policy by its number."""

    def __init__(self, session: Session) -> None:
        self._insurers = {
            plain(name): id_
            for known in (
                select(InsurerFormerName.insurer_id, InsurerFormerName.name),
                select(Insurer.id, Insurer.name),
            )
            for id_, name in session.execute(known)
        }
        self._products: dict[str, int] = {}
        for product in session.scalars(select(Product)):
            for name in (product.key, product.name, product.name_en):
                self._products[plain(name)] = product.id
        self._clients: dict[str, set[int]] = {}
        living = session.scalars(
            select(Client)
            .where(Client.merged_into.is_(None), Client.erased_at.is_(None))
            .order_by(Client.id.desc())
        )
        for client in living:
            named = {company_name(client.name)}
            told = {client.email, client.import_code, client.code, client.vat_code}
            for word in named | {plain(each) for each in told if each}:
                self._clients.setdefault(word, set()).add(client.id)
        self._session = session
        self._seen: set[tuple[int, str]] = set()

    def judge(self, row: PlannedRow) -> None:
        values = row.values
        for key, known, column, code in (
            ("insurer", self._insurers, "insurer_id", "noSuchInsurer"),
            ("product", self._products, "product_id", "noSuchProduct"),
        ):
            found = known.get(plain(str(values.pop(key))))
            if found is None:
                row.errors[key] = FieldError(code)
            else:
                values[column] = found
        self._find_client(row)
        if values["ends_on"] <= values["starts_on"]:
            row.errors["ends_on"] = FieldError("endsBeforeStart")
        if values.setdefault("instalment_count", 1) < 1:
            row.errors["instalment_count"] = FieldError("min", {"min": 1})
        if row.errors:
            return
        numbered = (values["insurer_id"], str(values["number"]))
        if numbered in self._seen:
            row.errors["number"] = FieldError("twiceInFile")
            return
        self._seen.add(numbered)
        self._compare(row)

    def _find_client(self, row: PlannedRow) -> None:
        told = str(row.values.pop("client"))
        found = self._clients.get(plain(told)) or self._clients.get(company_name(told)) or set()
        if len(found) == 1:
            (row.values["client_id"],) = found
        else:
            row.errors["client"] = FieldError("severalClients" if found else "noSuchClient")

    def _compare(self, row: PlannedRow) -> None:
        values = row.values
        known_policy = self._session.scalars(
            select(Policy).where(
                Policy.insurer_id == values["insurer_id"],
                Policy.number == values["number"],
            )
        ).first()
        if known_policy is None:
            values.setdefault("commission_percent", 0)
            return
        row.record_id = known_policy.id
        row.before = {
            name: getattr(known_policy, name)
            for name, new in values.items()
            if getattr(known_policy, name) != new
        }
        row.action = "updated" if row.before else "unchanged"
        if {"premium", "instalment_count", "client_id"} & set(row.before):
            row.errors["number"] = FieldError("changesMoney")
