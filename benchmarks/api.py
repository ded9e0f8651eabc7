"""How quickly the API reads: discovery, history, the report; uncached, kept, and 304.

All stacks are up at once over one database of 1,000 strategies with 1,825 days each and one with
50,000 quarter hours; rounds are interleaved; 2 workers a stack, 16 clients without a pause. The
yardsticks are ModelSerializers in our own server, FastAPI with asyncpg and orjson under uvicorn in
a virtual environment made for it (skipped with a reason where it cannot be made), a handler of our
server that does nothing, and the bare SQL. Each gives the same JSON, which is checked first.

Uncached requests differ in a parameter each, so that every one misses what is kept and pays for
keeping its own answer. No stack logs requests. Processor time is that of a stack's processes and
of PostgreSQL together.
"""

import argparse
import subprocess
import sys

from benchmarks.frame import publish

INSIDE = "--inside"


def main() -> int:
    """Measure with throw-away servers around; 1 where a goal is missed."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seconds", type=float, default=2.5, help="of each cell of a round")
    parser.add_argument(INSIDE, action="store_true", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if not options.inside:
        around = [sys.executable, "-m", "atlas.embedded", "exec", "--", sys.executable]
        return subprocess.call([*around, "-m", "benchmarks.api", *sys.argv[1:], INSIDE])
    from benchmarks.api_world.measuring import figures, prepare

    prepare()
    return publish(figures(rounds=options.rounds, seconds=options.seconds))


if __name__ == "__main__":
    raise SystemExit(main())
