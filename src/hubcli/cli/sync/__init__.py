"""`hubcli sync`: mirrors repositories as a file says."""
