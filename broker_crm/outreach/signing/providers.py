"""What a provider of electronic signatures offers, and which are known."""

from __future__ import annotations

from typing import Protocol

from sqlalchemy.orm import Session

from broker_crm.crm.models import SignatureRequest


class Provider(Protocol):
    """Sends a document to be signed; tells later, by `requests.ended`, what became of it."""

    name: str

    def send(self, session: Session, request: SignatureRequest) -> str:
        """Let the signer have the document.

        Called in the transaction that makes the request 'sent', and again after a failure: a
        provider elsewhere is to take the request's id as the key by which it knows repetitions.

        Args:
            session: what is written here is committed together with the new state.
            request: with its document, signer and last moment.

        Returns:
            The provider's own reference, by which it will speak of the request.
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
