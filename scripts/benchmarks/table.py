"""The figures, as people read them and as programs do."""

import json


class Table:
    """Collects rows and prints each as it comes."""

    def __init__(self, machine, quick):
        self.rows, self.machine, self.quick = [], machine, quick
        print("machine: {processor}, {cores} cores, {memory_gib} GiB, Linux {kernel}, load {load_before}".format(**machine))
        print(f"{'':50} {'Hephaestus':>11} {'floor, peer':>11}  {'unit':8} {'ratio':>6}  reach")

    def add(self, what, ours, unit, *, against=None, reach=None, least=False, of="ratio"):
        """A figure of ours, what it is compared with, and what it should be at most (or at least), of itself or as a ratio."""
        ratio = None if not against else ours / against
        judged = ratio if of == "ratio" and ratio is not None else ours
        reached = None if reach is None else judged >= reach if least else judged <= reach
        self.rows.append({
            "what": what, "ours": ours, "against": against, "unit": unit, "ratio": ratio, "reach": reach,
            "at_least": least, "reached": reached})
        goal = "" if reach is None else f"{'>=' if least else '<='} {number(reach)}{'' if reached else '  NOT REACHED'}"
        compared = "" if against is None else number(against)
        print(f"{what:50} {number(ours):>11} {compared:>11}  {unit:8} {'' if ratio is None else f'{ratio:.2f}':>6}  {goal}", flush=True)

    def write(self, path):
        with open(path, "w") as file:
            json.dump({"machine": self.machine, "quick": self.quick, "figures": self.rows}, file, indent=2)
            file.write("\n")


def number(value):
    return f"{value:,.0f}" if abs(value) >= 100 else f"{value:.1f}" if abs(value) >= 10 else f"{value:.2f}"
