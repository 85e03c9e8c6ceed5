"""Text as people type it in a hurry: lower case, without accents."""

from __future__ import annotations

import unicodedata


def plain(text: str) -> str:
    """Lower case without diacritics: 'Žukauskas' and 'zukauskas' become the same."""
    decomposed = unicodedata.normalize("NFKD", text.casefold())
    return "".join(letter for letter in decomposed if not unicodedata.combining(letter))
