"""What may stand in the headers of a letter: one line, no encoded words, addresses that are."""

from __future__ import annotations

import re
from email.headerregistry import Address
from unicodedata import normalize

LONGEST_MAILBOX = 200
LONGEST_LOCAL_PART = 64
LONGEST_LINE = 300
LOCAL = re.compile(r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+(\.[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+)*")
DOMAIN = re.compile(
    r"[A-Za-z0-9]([A-Za-z0-9-]*[A-Za-z0-9])?(\.[A-Za-z0-9]([A-Za-z0-9-]*[A-Za-z0-9])?)*"
)
UNWRITABLE = re.compile(r"[\x00-\x1f\x7f\x85\u2028\u2029\ud800-\udfff]")


class HeaderRefused(ValueError):
    """A subject, name or address could not stand in a letter's header."""


def one_line(text: str, what: str) -> str:
    """The text, when it can't begin another header.

    Args:
        text: a subject or a name.
        what: names it in the message.

    Raises:
        HeaderRefused: for control characters, line breaks, encoded words ('=?') and long texts.
    """
    if UNWRITABLE.search(text) or "=?" in text:
        raise HeaderRefused(f"The {what} {text!r} has a line break, a control character or “=?”.")
    if len(text) > LONGEST_LINE:
        raise HeaderRefused(f"The {what} {text!r} is longer than {LONGEST_LINE} characters.")
    return text.strip()


def address(text: str, what: str) -> str:
    """An e-mail address, its domain in ASCII.

    Raises:
        HeaderRefused: when it is not one address.
    """
    local, _, written = one_line(text, what).rpartition("@")
    domain = _in_ascii(written)
    found = f"{local}@{domain}"
    if (
        not LOCAL.fullmatch(local)
        or not DOMAIN.fullmatch(domain)
        or len(local) > LONGEST_LOCAL_PART
        or len(found) > LONGEST_MAILBOX
    ):
        raise HeaderRefused(f"The {what} {text!r} is not an e-mail address.")
    return found


def _in_ascii(domain: str) -> str:
    """Empty for a domain that its encoding would turn into another one, as of 'ß' into 'ss'."""
    written = domain if domain.isascii() else normalize("NFC", domain).lower()
    try:
        encoded = written.encode("idna")
        return encoded.decode() if encoded.decode("idna") == written or domain.isascii() else ""
    except UnicodeError:
        return ""


def mailbox(name: str, mail: str, what: str) -> str:
    """A name with its address: 'Rasa Žemaitė <rasa@example.lt>'.

    A name that leaves no room for the address is left out.

    Raises:
        HeaderRefused: when the name or the address can't be used.
    """
    checked = address(mail, what)
    named = str(Address(one_line(name, what), addr_spec=checked)) if name else checked
    return named if len(named) <= LONGEST_MAILBOX else checked
