"""What may stand in the headers of a letter: one line, no encoded words, addresses that are."""

from __future__ import annotations

import re
from email.headerregistry import Address

LONGEST_ADDRESS = 200
LOCAL = re.compile(r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+(\.[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+)*")
DOMAIN = re.compile(
    r"[A-Za-z0-9]([A-Za-z0-9-]*[A-Za-z0-9])?(\.[A-Za-z0-9]([A-Za-z0-9-]*[A-Za-z0-9])?)*"
)
CONTROL = re.compile(r"[\x00-\x1f\x7f\x85\u2028\u2029]")


class HeaderRefused(ValueError):
    """A subject, name or address could not stand in a letter's header."""


def one_line(text: str, what: str) -> str:
    """The text, when it can't begin another header.

    Args:
        text: a subject or a name.
        what: names it in the message.

    Raises:
        HeaderRefused: for control characters, line breaks and encoded words ('=?').
    """
    if CONTROL.search(text) or "=?" in text:
        raise HeaderRefused(f"The {what} {text!r} has a line break, a control character or “=?”.")
    return text.strip()


def address(text: str, what: str) -> str:
    """An e-mail address, its domain in ASCII.

    Raises:
        HeaderRefused: when it is not one address.
    """
    local, _, domain = one_line(text, what).rpartition("@")
    try:
        domain = domain.encode("idna").decode()
    except UnicodeError:
        domain = ""
    if not LOCAL.fullmatch(local) or not DOMAIN.fullmatch(domain) or len(text) > LONGEST_ADDRESS:
        raise HeaderRefused(f"The {what} {text!r} is not an e-mail address.")
    return f"{local}@{domain}"


def mailbox(name: str, mail: str, what: str) -> str:
    """A name with its address: 'Rasa Žemaitė <rasa@example.lt>'.

    Raises:
        HeaderRefused: when the name or the address can't be used.
    """
    checked = address(mail, what)
    return str(Address(one_line(name, what), addr_spec=checked)) if name else checked
