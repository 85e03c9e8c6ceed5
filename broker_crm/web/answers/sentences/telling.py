"""What the sentences are made of: an answer, with names and figures in the visitor's language."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from flask_babel import gettext as _
from sqlalchemy.orm import Session

from broker_crm.analysis.answers import Answer, Fact
from broker_crm.web.answers import figures, labels

WAITING_SOURCE = "median: Kaplan & Meier (1958); 95 %: Brookmeyer & Crowley (1982)"
"""Where the figures of how long something takes come from."""


@dataclass(frozen=True, slots=True)
class Telling:
    """An answer that is being put into words."""

    session: Session
    answer: Answer
    facts: Mapping[str, Fact]

    def number(self, name: str) -> int:
        """A fact that is counted."""
        value = self.facts.get(name)
        return 0 if value is None else int(value)

    def value(self, name: str) -> float | None:
        """A fact that is measured."""
        value = self.facts.get(name)
        return None if value is None else float(value)

    def count(self, name: str) -> str:
        return figures.number(self.number(name))

    def figure(self, name: str, unit: str) -> str:
        return figures.figure(self.value(name), unit)

    def ninth(self) -> str | None:
        """Within what time nine of ten have it; None where that can't be told yet."""
        if self.value("ninth") is None:
            return None
        return _("Nine of ten within %(ninth)s", ninth=self.figure("ninth", "days"))

    def answer_figure(self) -> str:
        """The answer's own figure."""
        return figures.figure(self.answer.value, self.answer.unit)

    def text(self, name: str) -> str:
        return str(self.facts.get(name) or "")

    def step(self) -> str:
        """The step that the answer is about, in its process."""
        return step_of(self.session, self.text("step"), self.text("process"))


def step_of(session: Session, step: str, process: str) -> str:
    """A step with its process."""
    return _(
        "“%(step)s” (%(process)s)",
        step=labels.label(session, "step", step, process),
        process=labels.label(session, "process", process),
    )


def joined(*parts: str | None) -> str:
    """Sentences one after another; those that have nothing to say are left out."""
    return " ".join(sentence(part) for part in parts if part)


def sentence(text: str) -> str:
    """With a capital letter in front and one full stop behind."""
    return capital(text) if text.endswith(".") else f"{capital(text)}."


def capital(text: str) -> str:
    """With a capital letter in front."""
    return text[:1].upper() + text[1:]
