"""Files that people write for hubcli, in YAML, JSON or TOML: read with places, and written."""
