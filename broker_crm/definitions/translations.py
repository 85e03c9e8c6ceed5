"""Names and texts of diagrams and forms in other languages, from gettext catalogues."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from io import BytesIO

from babel.messages.pofile import PoFileError, read_po


@lru_cache(maxsize=16)
def read_catalogue(content: bytes) -> Mapping[str, str]:
    """Translations by original text; fuzzy and empty ones are left out.

    Raises:
        ValueError: when the catalogue can't be read.
    """
    try:
        catalogue = read_po(BytesIO(content), abort_invalid=True)
    except (PoFileError, ValueError, LookupError, TypeError) as error:
        raise ValueError(f"The catalogue can't be read: {error}") from error
    return {
        str(message.id): str(message.string)
        for message in catalogue
        if message.id and message.string and not message.fuzzy
    }
