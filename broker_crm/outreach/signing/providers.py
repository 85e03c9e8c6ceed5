"""What a provider of electronic signatures offers, and which are known.

A provider elsewhere is told of in `docs/e-signatures.md`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Protocol

from sqlalchemy.orm import Session

from broker_crm.crm.files import Upload
from broker_crm.crm.models import SignatureRequest


@dataclass(frozen=True, slots=True)
class Answer:
    """What became of a request, as its provider tells."""

    state: str
    """'signed', 'refused' or 'expired'."""
    said: str = ""
    """Who signed, or why not: shown to the salesperson."""
    signed: Upload | None = None
    """The signed file, when there is one: PDF or ASiC-E."""


@dataclass(frozen=True, slots=True)
class Call:
    """What a provider sends to the address that it was given for its news."""

    headers: Mapping[str, str]
    body: bytes


class ProviderFailed(Exception):
    """The provider can't be reached or doesn't take the request now; it is called again."""


class CallRefused(Exception):
    """A call that does not come from the provider, or can't be read; nothing is changed."""


class Provider(Protocol):
    """Sends a document to be signed, and tells later what became of it: called or asked."""

    name: str
    asked_every: timedelta | None
    """How often `ask` is called while a request is sent; None when the provider calls by itself."""

    def send(self, session: Session, request: SignatureRequest) -> str:
        """Let the signer have the document.

        Called in the transaction that makes the request 'sent', and again after a failure: a
        provider elsewhere is to take the request's id as the key by which it knows repetitions.

        Args:
            session: what is written here is committed together with the new state.
            request: with its document, signer and last moment.

        Returns:
            The provider's own reference, by which it will speak of the request.

        Raises:
            Exception: of any kind: nothing is changed, the failure is noted, and it is tried again.
        """
        ...

    def ask(self, session: Session, request: SignatureRequest) -> Answer | None:
        """What became of a request that was sent; None while nothing did.

        Raises:
            Exception: of any kind: it is asked again later.
        """
        ...

    def heard(self, session: Session, call: Call) -> tuple[str, Answer] | None:
        """What a call of the provider says: its reference of the request, and the answer.

        Returns:
            None when the call tells nothing that ends a request.

        Raises:
            CallRefused: when the call is not signed by the provider, or can't be read.
        """
        ...


class UnknownProvider(Exception):
    """No provider has this name."""


_known: dict[str, Provider] = {}


def register(provider: Provider) -> None:
    """Make a provider known; the same name replaces an earlier one."""
    _known[provider.name] = provider


def named(name: str) -> Provider:
    """The provider of a request.

    Raises:
        UnknownProvider: when there is none of this name.
    """
    try:
        return _known[name]
    except KeyError:
        raise UnknownProvider(name) from None
