"""Pages of a listing: addresses of the next and the first page."""

from __future__ import annotations

from collections.abc import Container

from flask import redirect, request, url_for
from flask.typing import ResponseReturnValue

PAGE = 50
LONGEST_SEARCH = 100


def search_text() -> str:
    """What was typed into the search field."""
    return request.args.get("q", "").strip()[:LONGEST_SEARCH]


def chosen(name: str, words: Container[str]) -> str:
    """The value of a filter; '' when it is none of those offered."""
    told = request.args.get(name, "")
    return told if told in words else ""


def offset() -> int:
    """Where the page begins, in rows; nonsense is the beginning."""
    text = request.args.get("from", "0")
    return int(text) if text.isascii() and text.isdigit() and len(text) < 7 else 0


def parameters() -> dict[str, str]:
    """Parameters of this address, without names that mean something else where one is made."""
    return {
        name: text
        for name, text in request.args.items()
        if name != "endpoint" and not name.startswith("_")
    }


def address(**changed: object) -> str:
    """This page's address with other parameters; None leaves one out."""
    arguments: dict[str, object] = {**parameters(), **(request.view_args or {}), **changed}
    made: str = url_for(str(request.endpoint), **arguments)  # type: ignore[arg-type]
    return made


def without_blanks() -> ResponseReturnValue | None:
    """This address without the fields of a form that were left empty; None where there are none."""
    blank: dict[str, object] = {
        name: None for name, text in request.args.items() if not text.strip()
    }
    return redirect(address(**blank)) if blank else None


def files(endpoint: str) -> list[tuple[str, str]]:
    """Kinds of files as which this list can be downloaded, with their addresses.

    Args:
        endpoint: takes the kind, and the filters that stand in this page's address.
    """
    arguments: dict[str, object] = {**parameters(), "from": None, "cursor": None}
    return [
        (name, url_for(endpoint, **arguments | {"kind": kind}))  # type: ignore[arg-type]
        for kind, name in (("csv", "CSV"), ("xlsx", "XLSX"))
    ]


def pages(start: int, more: bool, size: int = PAGE) -> dict[str, object]:
    """What the pager of a listing needs."""
    return {
        "later": start > 0,
        "first": address(**{"from": None}),
        "next": address(**{"from": start + size}) if more else None,
    }


def number(name: str) -> int | None:
    """A whole number in the address; None where there is none, or nonsense."""
    text = request.args.get(name, "")
    return int(text) if text.isascii() and text.isdigit() and len(text) < 10 else None
