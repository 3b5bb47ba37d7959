"""Parsers of what others wrote, under a million inputs each; `make fuzz`, and tests/fuzzing."""
