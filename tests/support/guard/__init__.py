"""Keeps processes on this machine."""
