"""The only place that touches SpiffWorkflow: state in, command, state and what happened out."""
