"""Letters, reminders and notifications: an outbox, sent after the commit."""
