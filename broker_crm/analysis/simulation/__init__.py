"""What if: a process version simulated from its own diagram and its own history."""
