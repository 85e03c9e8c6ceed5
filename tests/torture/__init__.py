"""Kills the product at every point and at any moment, and counts what was lost or done twice."""
