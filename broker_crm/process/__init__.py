"""Process instances, user tasks, timers and events: one transaction per command."""
