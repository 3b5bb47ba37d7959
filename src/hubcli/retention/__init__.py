"""Which tags of a repository stay and which go, by rules, and what the ones that stay need.

Nothing here asks a server: `rules` judges rows of tags, `attached` tells which tags belong to
others, `graph` what needs what, `planning` puts these together. `policy` reads the rules of many
repositories from a file; `undo` keeps what brings tags back.
"""
