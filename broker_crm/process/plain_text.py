"""Text as people type it in a hurry, without accents; the order of the Lithuanian alphabet."""

from __future__ import annotations

import unicodedata

ALPHABET = "0123456789abcčdefghijklmnopqrsštuvwxyzž"
"""Letters with a place of their own; y stands with i, ą with a, ę and ė with e, į with i …"""
PLACES = {letter: format(place, "02d") for place, letter in enumerate(ALPHABET, 10)}
OWN = frozenset("čšž")
LATER = {"ą": "1", "ę": "1", "ė": "2", "į": "1", "y": "2", "ų": "1", "ū": "2"}
"""Of letters that share a place, who comes later where all else is equal."""
SORTED_LETTERS = 60


def plain(text: str) -> str:
    """Lower case without diacritics: 'Žukauskas' and 'zukauskas' become the same."""
    decomposed = unicodedata.normalize("NFKD", text.casefold())
    return "".join(letter for letter in decomposed if not unicodedata.combining(letter))


def sort_key(text: str) -> str:
    """Digits that sort as the Lithuanian alphabet does, whatever the database's own order is.

    The rules are those of the Unicode collation for Lithuanian: č, š and ž are letters after c, s
    and z; y is ordered as i; marks on vowels count only where all the letters are the same.
    """
    letters = [each for each in text.casefold() if each.isalnum() or each.isspace()]
    places, marks = [], []
    for letter in letters[:SORTED_LETTERS]:
        base = letter if letter in OWN else plain(letter)[:1]
        places.append(PLACES.get("i" if base == "y" else base, "01"))
        marks.append(LATER.get(letter, "0"))
    return "".join(places) + "00" + "".join(marks)
