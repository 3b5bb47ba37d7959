"""Put on PYTHONPATH of the processes that tests start: on loopback, no secret in argv."""

import command_lines  # type: ignore[import-not-found]  # stand beside this file, on PYTHONPATH
import loopback_only  # type: ignore[import-not-found]
import planted  # type: ignore[import-not-found]
import tracing  # type: ignore[import-not-found]

loopback_only.install()
command_lines.install(planted.PLANTED)
tracing.install()
