"""The JSON API: what the pages can do with tasks, instances and messages, for programs."""

from broker_crm.web.api.blueprint import blueprint

__all__ = ["blueprint"]
