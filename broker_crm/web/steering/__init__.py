"""Steering of running cases: many tasks at once, one case, one's own pauses."""
