"""Mirrors: repositories kept as others are, by rules that a file says.

`document` reads the file; `expanding` finds the repositories that it means, `choosing` their tags,
`comparing` what has to be done about each, `copying` does it; `rounds` puts these together.
Nothing is remembered from one run to the next: what is there decides.
"""
