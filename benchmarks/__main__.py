"""`python -m benchmarks [startup|listing|transfer …] [--rounds N]`."""

from __future__ import annotations

import argparse

from benchmarks import listing, startup, transfer

_ALL = {"startup": startup.run, "listing": listing.run, "transfer": transfer.run}


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("which", nargs="*", choices=[[], *_ALL], help="all of them by default")
    parser.add_argument("--rounds", type=int, default=11)
    arguments = parser.parse_args()
    for name in arguments.which or _ALL:
        _ALL[name](arguments.rounds)


if __name__ == "__main__":
    main()
