"""Clients, products, insurers, interactions: the records of the brokerage."""
