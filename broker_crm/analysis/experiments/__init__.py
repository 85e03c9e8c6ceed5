"""Experiments in figures: the needed sample beforehand, planned looks, what each may say."""

from broker_crm.analysis.experiments.looking import look_at
from broker_crm.analysis.experiments.report import Report, report
from broker_crm.analysis.experiments.sample import Forecast, forecast

__all__ = ["Forecast", "Report", "forecast", "look_at", "report"]
