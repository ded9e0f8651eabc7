"""A process of looping gates: each plans an order, asks, puts it away, and begins again.

Run as `python -m benchmarks.cycle_world.gates KEY...`, a thread for each deployment; it ends when its
standard input is closed and prints how many orders were let out and how many were not.
"""

import json
import os
import sys
import threading
from dataclasses import replace
from typing import Any

import django


class Gate(threading.Thread):
    """One gate that loops until it is told to stop."""

    def __init__(self, deployment: Any, stopped: threading.Event) -> None:
        super().__init__(daemon=True)
        self.deployment, self.stopped = deployment, stopped
        self.allowed = self.denied = self.ended = 0
        self.failure: BaseException | None = None

    def run(self) -> None:
        """Loop; a gate whose connection a halt had to end tries again."""
        from django.db import OperationalError, connection

        from tests.execution.orders import make_cycle
        from tests.execution.world import slot

        number = 0
        try:
            cycle = make_cycle(self.deployment, at=slot(0))
            while not self.stopped.is_set():
                number += 1
                try:
                    self._one(cycle, number)
                except OperationalError:
                    self.ended += 1
                    connection.close()
        except BaseException as failure:  # noqa: BLE001 - told at the end
            self.failure = failure
        finally:
            connection.close()

    def _one(self, cycle: Any, number: int) -> None:
        from django.db import transaction
        from django.utils import timezone

        from benchmarks.cycle_world.house import ACTOR
        from execution import gate, settlement
        from tests.execution.orders import intent_of, order_for, snapshot_of
        from tests.execution.world import slot

        order = order_for(cycle, intent_of(self.deployment), round_number=number)
        seen = replace(snapshot_of(self.deployment), working_orders=0)
        gate.authorise(order, snapshot=seen, feed_at=slot(0), fencing_token=1, actor=ACTOR)
        if order.state != "AUTHORISED":
            self.denied += 1
            return
        self.allowed += 1
        with transaction.atomic():
            settlement.cancel(
                order, name="superseded", message="put away", actor=ACTOR, now=timezone.now()
            )


def main() -> int:
    """Loop until the standard input ends; 1 where a gate failed."""
    django.setup()
    from benchmarks.cycle_world.house import deployments

    stopped = threading.Event()
    gates = [Gate(one, stopped) for one in deployments([int(key) for key in sys.argv[1:]])]
    for gate in gates:
        gate.start()
    sys.stdin.read()
    stopped.set()
    for gate in gates:
        gate.join()
    failures = [repr(gate.failure) for gate in gates if gate.failure is not None]
    for failure in failures:
        sys.stderr.write(f"A gate failed: {failure}\n")
    counts = {
        name: sum(getattr(one, name) for one in gates) for name in ("allowed", "denied", "ended")
    }
    print(json.dumps(counts))
    return 1 if failures else 0


if __name__ == "__main__":
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings.test")
    raise SystemExit(main())
