"""Deterministic sample data: unmistakably fictional people and clients, two years of cases."""

from broker_crm.sample.earlier import present_in_use_since, publish_earlier
from broker_crm.sample.seeding import seed

__all__ = ["present_in_use_since", "publish_earlier", "seed"]
