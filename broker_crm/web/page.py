"""What every page's frame shows: company, menu, person, language, unread notifications."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property, lru_cache
from pathlib import Path

from flask import Flask, current_app, request, url_for
from flask_babel import get_locale, ngettext
from flask_babel import gettext as _
from sqlalchemy import func, select

from broker_crm.outreach.models import Notification
from broker_crm.outreach.notifications import is_unread
from broker_crm.people.models import Role
from broker_crm.web import access, database, sign_in
from broker_crm.web.language import LANGUAGES
from broker_crm.web.wording import ROLES, word

PRODUCTS = {"products", "product_editing", "product_documents"}
INSURERS = {"insurers", "insurer_editing", "contact_points", "agreements"}
CLIENTS = {"clients", "client_editing", "imports", "duplicates", "contact_persons"}
ANALYSIS = {
    "analyse",
    "versions",
    "comparison",
    "bottlenecks",
    "segments",
    "what_if",
    "experiments",
    "experiment_planning",
    "experiment_deciding",
    "exports",
    "logs",
}
STATIC = Path(__file__).parent / "static"
IN_BAR = 5
EVERYBODYS = 2
"""Tasks and processes come first for all."""
OWN_AREA = {
    Role.COMPLAINTS_HANDLER: "complaints.listing",
    Role.MARKETING: "campaigns.listing",
    Role.PRODUCT_MANAGER: "products.listing",
    Role.DESIGNER: "design.listing",
    Role.SALES_MANAGER: "questions.listing",
    Role.ANALYST: "analyse.listing",
}
"""What a role's menu shows next."""
YEAR = 365 * 24 * 3600


@dataclass(frozen=True, slots=True)
class MenuItem:
    name: str
    icon: str
    address: str
    current: bool


class Frame:
    """What the base template asks for, read only when it is asked."""

    def __init__(self) -> None:
        settings = current_app.extensions["broker_crm.settings"]
        self.company: str = settings.company
        self.languages = LANGUAGES
        self.language = str(get_locale())
        self.user = sign_in.signed_in()

    @property
    def here(self) -> str:
        """The address of this page, to come back to."""
        if request.method != "GET":
            return "/"
        return request.full_path.rstrip("?")

    @property
    def menu(self) -> list[MenuItem]:
        """What the bar shows: the areas in which the visitor works most."""
        return self._items[:IN_BAR]

    @property
    def more(self) -> list[MenuItem]:
        """The other areas, behind a button."""
        return self._items[IN_BAR:]

    @cached_property
    def _items(self) -> list[MenuItem]:
        area = (request.endpoint or "").partition(".")[0]
        items = [
            (_("Tasks"), "inbox", "inbox.tasks", {"inbox", "tasks", "meetings"}),
            (_("Processes"), "flow", "instances.listing", {"instances", "start"}),
            (_("Steering"), "here", "steering.listing", {"steering"}),
            (_("Clients"), "people", "clients.listing", CLIENTS),
            (_("Questions"), "chart", "questions.listing", {"questions", "limits", "reports"}),
            (_("Analysis"), "scales", "analyse.listing", ANALYSIS),
            (_("Policies"), "shield", "policies.listing", {"policies"}),
            (_("Offers"), "scales", "offer_register.listing", {"offer_register"}),
            (_("Contracts"), "sign", "contract_register.listing", {"contract_register"}),
            (_("Products"), "box", "products.listing", PRODUCTS),
            (_("Insurers"), "house", "insurers.listing", INSURERS),
            (_("Complaints"), "note", "complaints.listing", {"complaints"}),
            (_("Campaigns"), "paper", "campaigns.listing", {"campaigns"}),
            (_("Letters"), "letter", "letters.listing", {"letters"}),
            (_("Templates"), "paper", "template_library.listing", {"template_library"}),
            (_("Try"), "check", "trying.listing", {"trying"}),
            (_("Workshop"), "pen", "design.listing", {"design"}),
        ]
        found = [
            (endpoint in self._works_first, MenuItem(name, icon, url_for(endpoint), area in areas))
            for name, icon, endpoint, areas in items
            if self.may(endpoint)
        ]
        first = [item for ahead, item in found if ahead]
        rest = [item for ahead, item in found if not ahead]
        return [*rest[:EVERYBODYS], *first, *rest[EVERYBODYS:]]

    @property
    def _works_first(self) -> set[str]:
        roles = self.user.roles if self.user else frozenset()
        return {endpoint for role, endpoint in OWN_AREA.items() if role in roles}

    @property
    def initials(self) -> str:
        if self.user is None:
            return ""
        return "".join(part[0] for part in self.user.name.split()[:2]).upper()

    @property
    def roles(self) -> str:
        if self.user is None:
            return ""
        return ", ".join(sorted(word(ROLES, role) for role in self.user.roles))

    @property
    def unread(self) -> int:
        if self.user is None:
            return 0
        count = select(func.count()).select_from(Notification).where(is_unread(self.user.login))
        return database.current().scalar(count) or 0

    def may(self, endpoint: str) -> bool:
        """True when the visitor's roles allow the address."""
        return self.user is not None and access.may_visit(self.user, endpoint)


def set_up(app: Flask) -> None:
    app.config["SEND_FILE_MAX_AGE_DEFAULT"] = YEAR
    app.jinja_env.trim_blocks = True
    app.jinja_env.lstrip_blocks = True
    app.jinja_env.globals.update(asset=asset, ngettext=ngettext)

    @app.context_processor
    def frame() -> dict[str, object]:
        return {"page": Frame()}


def asset(name: str) -> str:
    """The address of a static file; it changes with the file, so browsers may keep it."""
    address: str = url_for("static", filename=name, v=_version(STATIC / name))
    return address


@lru_cache(maxsize=64)
def _version(path: Path) -> str:
    return format(path.stat().st_mtime_ns // 1_000_000, "x") if path.exists() else "0"
