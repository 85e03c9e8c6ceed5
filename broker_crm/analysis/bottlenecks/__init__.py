"""Where cases wait, for whom and why; which paths they took, and which the diagram allows."""
