"""What the tests stand on: real programs, servers on loopback, and ways to run hubcli."""
