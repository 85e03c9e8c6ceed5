"""What is wrong with an expression, a pattern or a merge field."""

from __future__ import annotations

from broker_crm.engine.sentences import said


class FeelError(Exception):
    """An expression can't be read, or fails.

    Args:
        expression: the FEEL text.
        reason: what is wrong, and how to mend it.
        position: character at which, counted from 0, where known.
    """

    def __init__(self, expression: str, reason: str, position: int | None = None) -> None:
        shown = expression if len(expression) <= 120 else f"{expression[:117]}…"
        self.sentence = (
            said("“%(expression)s”: %(reason)s", expression=shown, reason=reason)
            if position is None
            else said(
                "“%(expression)s”: %(reason)s (at character %(position)s)",
                expression=shown,
                reason=reason,
                position=position + 1,
            )
        )
        super().__init__(self.sentence)
        self.expression = expression
        self.reason = reason
        self.position = position


class FeelStopped(FeelError):
    """An expression was stopped: it is too long, or takes too much time or memory."""


class EmptyMergeField(FeelError):
    """A merge field of a template has no value for this client.

    Args:
        field: the expression between the braces.
    """

    def __init__(self, field: str) -> None:
        super().__init__(field, said("The field is empty. Fill it in before sending."))
        self.field = field


class PatternError(Exception):
    """A regular expression that JavaScript can't read."""
