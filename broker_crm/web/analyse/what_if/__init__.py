"""“What if”: a process version simulated with changes, on pages."""
