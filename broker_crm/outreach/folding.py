"""Headers that read back exactly as they were written, however long and in whatever script.

The standard library's folding joins a word to its neighbour where text in ASCII follows encoded
text at a line's end; here a text with other letters is encoded as a whole (RFC 2047).
"""

from __future__ import annotations

from email.header import Header
from email.headerregistry import (
    BaseHeader,
    HeaderRegistry,
    UniqueSingleAddressHeader,
    UniqueUnstructuredHeader,
)
from email.policy import SMTP, Policy


class TextHeader(UniqueUnstructuredHeader, BaseHeader):  # type: ignore[misc]
    """A subject."""

    def fold(self, *, policy: Policy) -> str:
        return f"{self.name}: {_encoded(str(self), self.name, policy)}{policy.linesep}"


class MailboxHeader(UniqueSingleAddressHeader, BaseHeader):  # type: ignore[misc]
    """One name with its address."""

    def fold(self, *, policy: Policy) -> str:
        mailbox = self.address
        if mailbox.display_name.isascii():
            return super().fold(policy=policy)
        name = _encoded(mailbox.display_name, self.name, policy)
        return f"{self.name}: {name}{policy.linesep} <{mailbox.addr_spec}>{policy.linesep}"


def _encoded(text: str, name: str, policy: Policy) -> str:
    charset = "us-ascii" if text.isascii() else "utf-8"
    header = Header(text, charset, maxlinelen=policy.max_line_length, header_name=name)
    return header.encode(linesep=policy.linesep)


def _registry() -> HeaderRegistry:
    registry = HeaderRegistry()
    registry.map_to_type("subject", TextHeader)
    for name in ("from", "to", "reply-to"):
        registry.map_to_type(name, MailboxHeader)
    return registry


POLICY = SMTP.clone(header_factory=_registry())
