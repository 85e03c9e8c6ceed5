"""Experiments in figures: the needed sample beforehand, planned looks, what each may say."""

from broker_crm.analysis.experiments.looking import look_at
from broker_crm.analysis.experiments.report import Brief, Report, briefs, report
from broker_crm.analysis.experiments.sample import Forecast, forecast

__all__ = ["Brief", "Forecast", "Report", "briefs", "forecast", "look_at", "report"]
