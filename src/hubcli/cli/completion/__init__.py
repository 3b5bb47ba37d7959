"""Completion scripts, written out from the command tree: names and flags need no Python start."""
