"""The workshop's blueprint, and what its addresses have in common."""

from __future__ import annotations

from flask import Blueprint, Flask, request

from broker_crm.definitions.models import ResourceKind
from broker_crm.definitions.places import FileKey
from broker_crm.people.models import Role, User
from broker_crm.web.errors import NotFound

DESIGNERS = frozenset({Role.DESIGNER, Role.ADMINISTRATOR})
FILE = "/files/<kind>/<name>"
LARGEST_UPLOAD = 20 * 1024 * 1024
LARGEST_FILE = 8 * 1024 * 1024
"""Bytes; a file travels as JSON, in which its text is a little longer."""
LARGE = {
    "design.upload": LARGEST_UPLOAD,
    "design.save": LARGEST_FILE,
    "design.check": LARGEST_FILE,
    "design.copy": LARGEST_FILE,
}

WAIT = 22
"""Seconds that a page waits for a check; the web server gives up at thirty."""

blueprint = Blueprint("design", __name__, url_prefix="/design")


def set_up(app: Flask) -> None:
    """Diagrams may be larger than other requests; to be called before forms are checked."""

    @app.before_request
    def _allow_a_file() -> None:
        if request.endpoint in LARGE:
            request.max_content_length = LARGE[request.endpoint]
            request.max_form_memory_size = LARGE[request.endpoint]


def key_from(kind: str, name: str) -> FileKey:
    """The file of an address.

    Raises:
        NotFound: there is no such kind.
    """
    try:
        return ResourceKind(kind), name
    except ValueError as error:
        raise NotFound from error


def designs(user: User) -> bool:
    """True when the person may change files; others only look."""
    return bool(user.roles & DESIGNERS)
