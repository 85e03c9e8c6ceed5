"""Products: entering and changing them; the key of a product is made once, from its name."""

from __future__ import annotations

import re
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session

from broker_crm.crm.models import Product
from broker_crm.crm.register_rights import require_change, require_keeper
from broker_crm.definitions.forms import FieldError, FormRejected
from broker_crm.people.models import Role, User
from broker_crm.process.plain_text import plain
from broker_crm.process.rights import Person

CLASSES = ("A", "B", "C")
GROUPS = (
    "motor-liability", "motor", "property", "liability", "cargo", "construction", "health",
    "travel", "life",
)  # fmt: skip
LONGEST_KEY = 40
WORDS = 6


@dataclass(frozen=True, slots=True)
class ProductEntry:
    """What the form of a product holds."""

    name: str
    name_en: str
    complexity: str
    insurance_group: str
    product_manager: str | None = None
    target_market: str = ""


def entry_of(product: Product) -> ProductEntry:
    """The record as its form shows it."""
    return ProductEntry(
        product.name,
        product.name_en,
        product.complexity,
        product.insurance_group,
        product.product_manager,
        product.target_market,
    )


def save(
    session: Session, entry: ProductEntry, *, by: Person, product: Product | None = None
) -> Product:
    """Enter a product, or change one; its key stays, for decision tables name it.

    Args:
        session: the caller commits; a product to change should be locked.
        entry: as typed.
        by: who does it.
        product: the one to change.

    Raises:
        NotAllowed: the person may not change this product.
        FormRejected: naming the fields.
    """
    if product is None:
        require_keeper(by)
    else:
        require_change(by, product)
    _refuse_unless_right(session, entry, product)
    if product is None:
        product = Product(key=_key(session, entry.name), name=entry.name, name_en=entry.name_en)
        session.add(product)
    product.name, product.name_en = entry.name, entry.name_en
    product.complexity, product.insurance_group = entry.complexity, entry.insurance_group
    product.product_manager = entry.product_manager or None
    product.target_market = entry.target_market
    session.flush()
    return product


def listed(session: Session, text: str = "") -> list[Product]:
    """Products whose names have all the words, whatever their accents; the simplest in front."""
    statement = select(Product).order_by(Product.complexity, Product.name)
    for word in plain(text).split()[:WORDS]:
        statement = statement.where(Product.search_name.contains(word, autoescape=True))
    return list(session.scalars(statement))


def managers(session: Session) -> list[User]:
    """Active people who may manage a product, by name."""
    people = session.scalars(select(User).where(User.active).order_by(User.name)).unique()
    return [each for each in people if Role.PRODUCT_MANAGER in each.roles]


def _refuse_unless_right(session: Session, entry: ProductEntry, product: Product | None) -> None:
    wrong: dict[str, list[FieldError]] = {}
    own = product.id if product is not None else None
    for field in ("name", "name_en"):
        name = getattr(entry, field)
        others = session.execute(select(Product.id, getattr(Product, field)))
        if not name:
            wrong[field] = [FieldError("required")]
        elif any(id_ != own and plain(there) == plain(name) for id_, there in others):
            wrong[field] = [FieldError("productNameTaken")]
    if entry.complexity not in CLASSES:
        wrong["complexity"] = [FieldError("option")]
    if entry.insurance_group not in GROUPS:
        wrong["insurance_group"] = [FieldError("option")]
    stays = product is not None and product.product_manager == entry.product_manager
    known = {None, "", *(each.login for each in managers(session))}
    if entry.product_manager not in known and not stays:
        wrong["product_manager"] = [FieldError("option")]
    if wrong:
        raise FormRejected(wrong)


def _key(session: Session, name: str) -> str:
    made = re.sub(r"[^a-z0-9]+", "-", plain(name)).strip("-")[:LONGEST_KEY].strip("-") or "product"
    taken = set(session.scalars(select(Product.key)))
    key, number = made, 1
    while key in taken:
        number += 1
        key = f"{made[: LONGEST_KEY - len(str(number)) - 1]}-{number}"
    return key
