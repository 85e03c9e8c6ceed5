"""Reads, lints, versions and publishes what designers own."""
