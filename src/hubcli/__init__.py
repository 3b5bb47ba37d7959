"""hubcli: one command line for Docker Hub and every other container registry."""

__version__ = "0.1.0"
