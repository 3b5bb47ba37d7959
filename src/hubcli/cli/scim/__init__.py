"""`hubcli scim`: users of an organization as its identity provider manages them."""

from hubcli.cli.scim import describing, signing, switching, users
from hubcli.cli.scim.declared import group

__all__ = ["describing", "group", "signing", "switching", "users"]
