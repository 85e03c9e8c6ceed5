"""Trying a process in the browser: a trial is a scenario being recorded."""

from broker_crm.web.trying import pages, trial
from broker_crm.web.trying.blueprint import blueprint

__all__ = ["blueprint", "pages", "trial"]
