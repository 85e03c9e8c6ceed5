"""Who keeps the registers of insurers and products."""

from __future__ import annotations

from broker_crm.crm.models import Product
from broker_crm.people.models import Role
from broker_crm.process.errors import NotAllowed
from broker_crm.process.rights import Person

KEEPERS = frozenset({Role.PRODUCT_MANAGER, Role.SALES_MANAGER, Role.ADMINISTRATOR})


def require_keeper(user: Person) -> None:
    """Let pass who may write in the registers.

    Raises:
        NotAllowed: for everybody else.
    """
    if not KEEPERS & user.roles:
        raise NotAllowed("Product and sales managers keep the registers of insurers and products.")


def may_change_product(user: Person, product: Product) -> bool:
    """Its product manager may, any product manager where it has none, and sales managers."""
    if {Role.SALES_MANAGER, Role.ADMINISTRATOR} & user.roles:
        return True
    manages = Role.PRODUCT_MANAGER in user.roles
    return manages and product.product_manager in (None, user.login)


def require_change(user: Person, product: Product) -> None:
    """Let pass who may change the product.

    Raises:
        NotAllowed: for everybody else.
    """
    if not may_change_product(user, product):
        raise NotAllowed("The product's manager and sales managers change a product.")
