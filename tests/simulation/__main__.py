"""`python -m tests.simulation [--seeds N] [--first K]`: as many purchases as you have time for.

Prints one JSON object: seeds, what was met, and the seeds that broke a truth. Exits 1 if any did.
"""

import argparse
import json
import sys

from tests.simulation.ledger import Violation
from tests.simulation.purchase import Met, play
from tests.simulation.world import Endless


def main(arguments: list[str]) -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.simulation")
    parser.add_argument("--seeds", type=int, default=1_000_000)
    parser.add_argument("--first", type=int, default=0)
    wanted = parser.parse_args(arguments)
    met, broken = Met(), {}
    for seed in range(wanted.first, wanted.first + wanted.seeds):
        try:
            play(seed, met=met)
        except (Violation, Endless) as what:
            broken[seed] = str(what)
    verdict = {
        "first": wanted.first,
        "seeds": wanted.seeds,
        "broken": broken,
        "faults": met.faults,
        "events": met.events,
        "endings": met.endings,
    }
    sys.stdout.write(json.dumps(verdict) + "\n")
    return 1 if broken else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
