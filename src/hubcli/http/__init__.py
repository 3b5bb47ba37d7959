"""HTTP: the only place that opens connections."""

import sys

# Where the click package is installed (uvicorn brings it), `import httpx` would also import its
# own command line, rich and pygments: twice the time of a start. httpx goes on without it.
sys.modules.setdefault("httpx._main", None)  # type: ignore[arg-type]
