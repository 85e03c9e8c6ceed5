"""Sentences for people that keep their template, so that pages can say them in another language."""

from __future__ import annotations

from collections.abc import Callable, Mapping


class Sentence(str):
    """English text that knows what it was made from.

    Attributes:
        template: with `%(name)s` for each value.
        values: texts, numbers, or sentences, by name.
    """

    __slots__ = ("template", "values")
    template: str
    values: Mapping[str, object]

    def __new__(cls, template: str, values: Mapping[str, object]) -> Sentence:
        made = super().__new__(cls, template % values if values else template)
        made.template = template
        made.values = values
        return made

    def __getnewargs__(self) -> tuple[str, Mapping[str, object]]:  # type: ignore[override]
        return self.template, self.values


def said(template: str, **values: object) -> Sentence:
    """A sentence of the product; its template stands in the catalogues of other languages.

    Args:
        template: with `%(name)s` for each value.
        values: texts, numbers and sentences; anything else, such as a list from a file, as text.
    """
    plain = {
        name: value if isinstance(value, str | int | float) else str(value)
        for name, value in values.items()
    }
    return Sentence(template, plain)


def told(error: Exception) -> str:
    """What an error says, as a sentence where it has one."""
    sentence = getattr(error, "sentence", error.args[0] if error.args else None)
    return sentence if isinstance(sentence, Sentence) else str(error)


def in_words(text: str, translate: Callable[[str], str]) -> str:
    """A text in another language: by its template, where it has one, else as it is."""
    if not isinstance(text, Sentence):
        return text
    values = {
        name: in_words(value, translate) if isinstance(value, str) else value
        for name, value in text.values.items()
    }
    template = translate(text.template)
    return template % values if values else template


def as_data(text: str) -> object:
    """A text as JSON, with what a sentence was made from."""
    if not isinstance(text, Sentence):
        return text
    values = {
        name: as_data(value) if isinstance(value, str) else value
        for name, value in text.values.items()
    }
    return {"template": text.template, "values": values}


def from_data(data: object) -> str:
    """The same text again."""
    if not isinstance(data, dict):
        return str(data)
    values = {
        name: from_data(value) if isinstance(value, (dict, str)) else value
        for name, value in data["values"].items()
    }
    return Sentence(data["template"], values)
