"""Two sides of a process compared honestly: versions, periods, segments, teams, people."""

from broker_crm.analysis.comparison.comparing import compare, places
from broker_crm.analysis.comparison.figures import Figure, Ninth, SideFigure
from broker_crm.analysis.comparison.gates import Verdict
from broker_crm.analysis.comparison.result import Comparison, Counted, Outcome, Pictured, Step

__all__ = [
    "Comparison",
    "Counted",
    "Figure",
    "Ninth",
    "Outcome",
    "Pictured",
    "SideFigure",
    "Step",
    "Verdict",
    "compare",
    "places",
]
