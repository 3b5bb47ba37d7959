"""Copying images between stores: what is missing, once, children before parents."""

from hubcli.transfer.engine import Image, Options, Report, Target, Transfer
from hubcli.transfer.events import Events

__all__ = ["Events", "Image", "Options", "Report", "Target", "Transfer"]
