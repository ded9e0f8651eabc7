"""What trading costs: decisions, claims, and a halt against gates at work.

`decide` is what a deployment costs from the look at its market to the permit (snapshot, signal, size,
gate), on paper, an order each; `cycle` is all of it, the fill and the equity too. Both are held
against as many bare statements as they sent, in as many transactions: what the database alone asks
for. `cpu_*` is the processor time of a decision with more workers and with more deployments, over that
of one worker with the first hundred. `claim` is taking a slot, beside a bare task through the queue.
`halt_*` is how long a halt takes until it is committed, while gates loop in several processes, and
how many permits were committed after one.

The servers are those that tests run on: they do not wait for the disk, neither for us nor for the
yardsticks.
"""

import argparse
import os
import sys
from pathlib import Path

from atlas.embedded.checkout import ROOT, Checkout
from atlas.embedded.execute import execute
from benchmarks.frame import publish

INSIDE = "BENCHMARK_INSIDE"


def main() -> int:
    """Start servers around this program, then measure in it; 1 where a goal is missed."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--deployments", type=int, default=1_000, help="of the larger house")
    parser.add_argument("--halts", type=int, default=1_000)
    parser.add_argument("--gates", type=int, default=24, help="that loop during halts")
    options = parser.parse_args()
    if INSIDE not in os.environ:
        argv = [sys.executable, "-m", "benchmarks.cycle", *sys.argv[1:]]
        environ = {**os.environ, INSIDE: "1", "DJANGO_SETTINGS_MODULE": "config.settings.test"}
        return execute(Checkout(ROOT), argv, environ, python=Path(sys.executable))
    import django

    django.setup()
    from benchmarks.cycle_world.figures import figures

    return publish(figures(options))


if __name__ == "__main__":
    raise SystemExit(main())
