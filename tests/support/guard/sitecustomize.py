"""Put on PYTHONPATH of the processes that tests start: no way out but loopback."""

import loopback_only  # type: ignore[import-not-found]  # stands beside this file, on PYTHONPATH

loopback_only.install()
