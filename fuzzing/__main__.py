"""`python -m fuzzing [TARGET…]`: a million inputs for each, made by atheris as coverage leads it.

HUBCLI_FUZZ_RUNS is the number of inputs, HUBCLI_FUZZ_SECONDS the longest time for a target (0: no
end), HUBCLI_FUZZ_SEED where chance begins. One that fails is written to `fuzzing-NAME-crash-*`.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

PROJECT = Path(__file__).parents[1]
RUNS = int(os.environ.get("HUBCLI_FUZZ_RUNS", "1000000"))
SECONDS = int(os.environ.get("HUBCLI_FUZZ_SECONDS", "0"))
SEED = int(os.environ.get("HUBCLI_FUZZ_SEED", "1"))
_LONGEST = {"archives": 4096, "layers": 4096, "documents": 2048}
"""Bytes of an input; others have up to 512."""

_ONE = "--one"


def main(arguments: Sequence[str]) -> int:
    if arguments[:1] == [_ONE]:
        return fuzz(arguments[1])
    from fuzzing.targets import TARGETS

    unknown = set(arguments) - set(TARGETS)
    if unknown:
        sys.exit(f"no such target: {', '.join(sorted(unknown))}; there are {', '.join(TARGETS)}")
    failed = []
    for name in arguments or TARGETS:
        # libFuzzer ends its process, whatever comes of it.
        done = subprocess.run([sys.executable, "-m", "fuzzing", _ONE, name], cwd=PROJECT)
        if done.returncode:
            failed.append(name)
    print(f"failed: {', '.join(failed)}" if failed else "nothing failed", flush=True)
    return 1 if failed else 0


def fuzz(name: str) -> int:
    """One target, in this process."""
    import atheris

    with atheris.instrument_imports(include=["hubcli"]):
        from fuzzing.targets import TARGETS
    target = TARGETS[name]
    with tempfile.TemporaryDirectory() as directory:
        corpus = Path(directory, "corpus")
        corpus.mkdir()
        for number, seed in enumerate(target.seeds):
            (corpus / f"seed-{number}").write_bytes(seed)
        dictionary = Path(directory, "words")
        dictionary.write_text("".join(f'"{_escaped(word)}"\n' for word in target.words))
        options = [
            *(f"-runs={RUNS}", f"-seed={SEED}", f"-max_len={_LONGEST.get(name, 512)}"),
            *(f"-dict={dictionary}", f"-artifact_prefix=fuzzing-{name}-", "-timeout=10"),
            *(f"-max_total_time={SECONDS}", "-print_final_stats=1", "-rss_limit_mb=1024"),
        ]
        print(f"== {name}: {target.what}", flush=True)
        atheris.Setup([name, *options, str(corpus)], target.check)
        atheris.Fuzz()
    return 0


def _escaped(word: bytes) -> str:
    return "".join(f"\\x{byte:02x}" for byte in word)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
