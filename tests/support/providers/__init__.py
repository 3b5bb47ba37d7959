"""Registries that are not here: an API by script, and the sandbox's registry as its `/v2/` side."""
