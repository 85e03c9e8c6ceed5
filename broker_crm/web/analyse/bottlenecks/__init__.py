"""The analysts' pages of bottlenecks and of paths."""
