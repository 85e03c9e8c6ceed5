"""Addresses of the questions' pages, with the filters that they carry."""

from __future__ import annotations

from collections.abc import Mapping

from flask import url_for


def of_list(query: Mapping[str, str], **changed: str) -> str:
    """The list of questions with the same filters; what only one of them knows stays behind."""
    return made("questions.listing", {**carried(query), **changed})


def carried(query: Mapping[str, str]) -> dict[str, str]:
    """The parameters that go along to another question."""
    return {name: text for name, text in query.items() if name not in ("by", "against")}


def of_question(question_id: str, query: Mapping[str, str], **changed: str) -> str:
    """A question with the same filters, told apart as asked."""
    return made("questions.show", {"question_id": question_id, **query, **changed})


def made(endpoint: str, arguments: Mapping[str, object]) -> str:
    """An address with parameters, some of which Python could not name."""
    address: str = url_for(endpoint, **arguments)  # type: ignore[arg-type]
    return address
