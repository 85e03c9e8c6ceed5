"""The managers' questions, answered from process events."""
