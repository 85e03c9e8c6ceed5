"""What designers work on: the published files with drafts over them, shared by all designers."""
