"""`hubcli pull`, `push` and `copy`: images between registries and local stores."""
