"""Stored instances of each release: every later one must read them and carry them on."""
