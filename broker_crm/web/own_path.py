"""Where a visitor may be sent after signing in: only to pages of our own."""

from __future__ import annotations

from urllib.parse import urlsplit

LONGEST = 2000


def own_path(wish: str | None, otherwise: str = "/") -> str:
    """The wished path when it is surely ours, else another.

    Browsers read a backslash as a slash, skip control characters and take `//host` as an address,
    so anything but a plain absolute path is refused.
    """
    if not wish or len(wish) > LONGEST or not wish.startswith("/"):
        return otherwise
    if wish.startswith("//") or "\\" in wish or any(ord(mark) < 33 for mark in wish):
        return otherwise
    parts = urlsplit(wish)
    return otherwise if parts.scheme or parts.netloc else wish
