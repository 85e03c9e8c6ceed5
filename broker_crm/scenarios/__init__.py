"""Scenarios: a case told step by step, lived through in a brokerage made for it alone."""
