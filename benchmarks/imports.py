"""How fast imports are and what they hold, each figure beside its yardstick in the same run.

Reference: 200 strategies of 1,825 daily points, 100,000 trades and 50,000 holdings, made from a
seed, as one JSON document and as lines (NDJSON). `--strategies 50` is a quicker look at the same.

`parse_*` reads and validates, `check_*` adds every semantic check that needs no database; both are
held against a bare typed decode of the same bytes. `apply` is the last phase of a first import and
`import` all of it: receiving the file, staging, comparing, applying. They are held against one COPY
of the same rows, rendered beforehand, straight into the same tables, and against Django's upsert.
`dry_run` is everything before `apply`. `same_bytes` and `equal_content` import again what is there
already; `one_changed` imports the file with one strategy changed. `errors` finds 10,000 mistakes.
Memory is the peak of `atlas-import` as a process of its own; with `--huge`, on 1 GB of lines too.

The servers are the ones that tests run on: they do not wait for the disk, neither for us nor for
the yardsticks.
"""

import argparse
import os
import sys
import tempfile
from pathlib import Path

from atlas.embedded.checkout import ROOT, Checkout
from atlas.embedded.execute import execute
from benchmarks.frame import publish, tell

STRATEGIES = 200
ROUNDS = 3
INSIDE = "BENCHMARK_INSIDE"


def main() -> int:
    """Start servers around this program, then measure in it; 1 where a goal is missed."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--strategies", type=int, default=STRATEGIES, help="size of the export")
    parser.add_argument("--rounds", type=int, default=ROUNDS, help="how often each is imported")
    parser.add_argument("--huge", action="store_true", help="also import 1 GB of lines")
    options = parser.parse_args()
    if INSIDE not in os.environ:
        argv = [sys.executable, "-m", "benchmarks.imports", *sys.argv[1:]]
        environ = {**os.environ, INSIDE: "1", "DJANGO_SETTINGS_MODULE": "config.settings.test"}
        return execute(Checkout(ROOT), argv, environ, python=Path(sys.executable))
    import django

    django.setup()
    from benchmarks.imports_figures import figures
    from benchmarks.imports_world import NoFigure

    with tempfile.TemporaryDirectory(prefix="atlas-bench-") as folder:
        try:
            return publish(figures(Path(folder), options))
        except NoFigure as problem:
            tell(f"Nothing more measured: {problem}.")
            return 1


if __name__ == "__main__":
    raise SystemExit(main())
