"""Thin Flask: inbox, tasks, instances, API."""
