"""Fixtures that several areas share."""
