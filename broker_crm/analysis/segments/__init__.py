"""Segments that are found, not guessed, and tested on cases that did not help to find them."""

from broker_crm.analysis.segments.finding import (
    Candidate,
    Found,
    Verdict,
    find_segments,
    segment_places,
)

__all__ = ["Candidate", "Found", "Verdict", "find_segments", "segment_places"]
