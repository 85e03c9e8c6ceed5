"""Deterministic sample data: unmistakably fictional people, clients and a history of sales."""

from broker_crm.sample.seeding import seed

__all__ = ["seed"]
