"""Why an experiment can't be planned, started or decided so; pages put the codes into words."""

from __future__ import annotations

from collections.abc import Mapping
from uuid import UUID

from broker_crm.process.errors import CommandRefused


class ExperimentNotFound(CommandRefused):
    """There is no such experiment."""

    code = "experiment-not-found"

    def __init__(self, experiment_id: UUID) -> None:
        super().__init__(f"There is no experiment {experiment_id}.")


class PlanRefused(CommandRefused):
    """The plan can't be carried out; nothing has changed.

    Attributes:
        problems: codes by field: 'missing', 'unknown', 'same-content', 'start-differs',
            'does-not-fit', 'share', 'needs-cases', 'horizon', 'difference', 'looks', 'needs-looks',
            'past', 'no-past-cases'.
    """

    code = "plan-refused"

    def __init__(self, problems: Mapping[str, str]) -> None:
        told = ", ".join(f"{field}: {problem}" for field, problem in problems.items())
        super().__init__(f"The experiment can't be done so ({told}).")
        self.problems = dict(problems)


class ExperimentRefused(CommandRefused):
    """The experiment is not in a state for this.

    Attributes:
        code: 'another-runs', 'not-draft', 'not-running', 'not-paused', 'not-to-decide' or
            'time-over'.
    """

    def __init__(self, code: str) -> None:
        super().__init__(f"The experiment can't go on so ({code}).")
        self.code = code
