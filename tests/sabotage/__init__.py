"""Tests of the tests: faults put into the product, each of which must turn a named test red."""
