"""Thin Flask: inbox, task and instance pages, clients, letters, sign-in and the JSON API."""

from broker_crm.web.app import create_app

__all__ = ["create_app"]
