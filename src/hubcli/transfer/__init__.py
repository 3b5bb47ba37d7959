"""Copying images between stores: what is missing, once, children before parents."""

from typing import TYPE_CHECKING

from hubcli import late

if TYPE_CHECKING:
    from hubcli.transfer.engine import Transfer
    from hubcli.transfer.events import Events
    from hubcli.transfer.images import HoldsFiles, Image, Options, Report, Target
    from hubcli.transfer.sharing import Sharing
    from hubcli.transfer.threads import Workers

__all__ = [
    "Events",
    "HoldsFiles",
    "Image",
    "Options",
    "Report",
    "Sharing",
    "Target",
    "Transfer",
    "Workers",
]

__getattr__ = late.names(
    __name__,
    engine="Transfer",
    events="Events",
    images="HoldsFiles Image Options Report Target",
    sharing="Sharing",
    threads="Workers",
)
