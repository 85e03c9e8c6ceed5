"""Experiments on pages: the list, planning one with its needed sample, how one stands, deciding."""

from broker_crm.web.analyse.experiments import deciding, pages, planning

__all__ = ["deciding", "pages", "planning"]
