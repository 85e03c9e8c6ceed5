"""The fields that a file may hold, and the headings under which offices write them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from broker_crm.process.plain_text import plain


@dataclass(frozen=True, slots=True)
class ImportField:
    """One field of a record.

    Attributes:
        key: of the column of the record, or what it is found by.
        kind: 'text', 'date', 'amount', 'number', 'yes-no', 'email', 'phone', 'code', 'vat'.
        headings: words by which a column is recognised, without accents.
    """

    key: str
    kind: str
    headings: tuple[str, ...]
    required: bool = False
    most: int | None = None
    """Characters of a text, or the greatest number."""


FIELDS: Mapping[str, tuple[ImportField, ...]] = {
    "clients": (
        ImportField("name", "text", ("pavadinimas", "klientas", "vardas pavarde", "name"), True),
        ImportField("code", "code", ("imones kodas", "juridinio asmens kodas", "kodas", "code")),
        ImportField("vat_code", "vat", ("pvm", "pvm kodas", "pvm moketojo kodas", "vat")),
        ImportField("kind", "text", ("tipas", "rusis", "kind")),
        ImportField("email", "email", ("el pastas", "el. pastas", "email", "e-mail")),
        ImportField("phone", "phone", ("telefonas", "tel", "tel.", "phone")),
        ImportField("address", "text", ("adresas", "address")),
        ImportField(
            "region", "text", ("miestas", "regionas", "savivaldybe", "region", "city"), most=60
        ),
        ImportField("language", "text", ("kalba", "language")),
        ImportField("staff", "number", ("darbuotoju", "darbuotoju skaicius", "staff")),
        ImportField("vip", "yes-no", ("vip",)),
        ImportField("owner", "text", ("pardavejas", "vadybininkas", "brokeris", "salesperson")),
    ),
    "policies": (
        ImportField(
            "number",
            "text",
            ("polisas", "poliso numeris", "poliso nr", "numeris", "policy"),
            required=True,
            most=60,
        ),
        ImportField("insurer", "text", ("draudikas", "draudimo imone", "insurer"), True),
        ImportField("product", "text", ("produktas", "rusis", "draudimo rusis", "product"), True),
        ImportField(
            "client", "text", ("imones kodas", "kliento kodas", "klientas", "client"), True
        ),
        ImportField("starts_on", "date", ("nuo", "galioja nuo", "pradzia", "from"), True),
        ImportField("ends_on", "date", ("iki", "galioja iki", "pabaiga", "until"), True),
        ImportField("premium", "amount", ("imoka", "draudimo imoka", "premium"), True),
        ImportField(
            "commission_percent", "amount", ("komisiniai", "komisinis", "commission"), most=100
        ),
        ImportField("sum_insured", "amount", ("draudimo suma", "suma", "sum insured")),
        ImportField("deductible", "amount", ("isskaita", "fransize", "deductible")),
        ImportField(
            "instalment_count", "number", ("dalys", "imoku skaicius", "instalments"), most=12
        ),
    ),
}


def guess(kind: str, columns: Sequence[str]) -> dict[str, str]:
    """Field to column, as the headings suggest; each column once, exact headings first."""
    known = {column: plain(column).strip(" .:*") for column in columns}
    mapping: dict[str, str] = {}
    for exact in (True, False):
        for field in FIELDS[kind]:
            if field.key in mapping:
                continue
            for column, heading in known.items():
                fits = (
                    heading in field.headings
                    if exact
                    else any(heading.startswith(word) for word in field.headings)
                )
                if fits and column not in mapping.values():
                    mapping[field.key] = column
                    break
    return mapping
