"""FEEL, the one expression language: bpmn.io's interpreter in an embedded JavaScript engine."""

from broker_crm.engine.feel.errors import EmptyMergeField, FeelError
from broker_crm.engine.feel.evaluation import (
    check,
    check_unary_test,
    evaluate,
    evaluate_text,
    unary_test,
)
from broker_crm.engine.feel.templates import render

__all__ = [
    "EmptyMergeField",
    "FeelError",
    "check",
    "check_unary_test",
    "evaluate",
    "evaluate_text",
    "render",
    "unary_test",
]
