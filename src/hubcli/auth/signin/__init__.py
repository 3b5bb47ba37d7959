"""Signing in: a credential is checked with its host, or made there, before it is kept."""

from hubcli.auth.signin.device import DeviceCode, DeviceLogin
from hubcli.auth.signin.hub import HubSignIn
from hubcli.auth.signin.registry import Checked, RegistrySignIn

__all__ = ["Checked", "DeviceCode", "DeviceLogin", "HubSignIn", "RegistrySignIn"]
