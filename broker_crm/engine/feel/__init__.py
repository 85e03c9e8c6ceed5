"""FEEL, the one expression language: bpmn.io's interpreter in an embedded JavaScript engine."""

from broker_crm.engine.feel.errors import (
    EmptyMergeField,
    FeelError,
    FeelStopped,
    PatternError,
)
from broker_crm.engine.feel.evaluation import (
    check,
    check_unary_test,
    evaluate,
    evaluate_text,
    holds,
    names,
    reads,
    unary_test,
)
from broker_crm.engine.feel.patterns import check_pattern, is_email, is_phone, matches
from broker_crm.engine.feel.templates import render

__all__ = [
    "EmptyMergeField",
    "FeelError",
    "FeelStopped",
    "PatternError",
    "check",
    "check_pattern",
    "check_unary_test",
    "evaluate",
    "evaluate_text",
    "holds",
    "is_email",
    "is_phone",
    "matches",
    "names",
    "reads",
    "render",
    "unary_test",
]
