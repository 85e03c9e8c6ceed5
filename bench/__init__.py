"""Benchmarks: how fast the product works on this machine."""
