"""The names of the figures, their units and goals, and what one run found.

GOALS is the final goal of each figure; STEP the one of this version where that is another. `at
most` or `at least` is what the figure is to be against its goal.
"""
import json

AT_MOST, AT_LEAST = "at most", "at least"

GOALS = {
    "sync_entries_per_s": ("entries/s", AT_LEAST, 500000),
    "sync_receiver_cpu_us_per_entry": ("us", AT_MOST, 2),
    "sync_vs_hypercore": ("times", AT_LEAST, 100),
    "sync_2669_groups_cpu_us_per_entry": ("us", AT_MOST, 3),
    "sync_small_group_cpu_us": ("us", AT_MOST, 250),
    "wire_ratio": ("ratio", AT_MOST, 1.1),
    "idle_bytes_80000_groups": ("bytes", AT_MOST, 200),
    "rss_mib_2669_groups": ("MiB", AT_MOST, 16),
    "append_vs_fsync": ("ratio", AT_MOST, 1.5),
    "batch_lines_per_s": ("lines/s", AT_LEAST, 100000),
    "trial_balance_ms": ("ms", AT_MOST, 10),
    "rebuild_s": ("s", AT_MOST, 0.15),
    "rebuild_vs_ledger": ("times", AT_LEAST, 10),
    "audit_2669_groups_s": ("s", AT_MOST, 1),
    "disk_ratio": ("ratio", AT_MOST, 1.2),
}
STEP = {
    "sync_entries_per_s": 200000,
    "sync_receiver_cpu_us_per_entry": 4,
    "sync_vs_hypercore": 40,
    "wire_ratio": 1.2,
    "disk_ratio": 1.3,
}


def is_met(name, value, goal):
    return value <= goal if GOALS[name][1] == AT_MOST else value >= goal


def show(value):
    if value >= 1000:
        return "{:,.0f}".format(value)
    return "%.3g" % value if value < 100 else "%.0f" % value


class Figures:
    def __init__(self):
        self.values = {}

    def add(self, name, value):
        unit, _, goal = GOALS[name]
        self.values[name] = {"value": float("%.6g" % value), "unit": unit, "goal": goal,
                             "met": is_met(name, value, goal)}

    def get(self, name):
        return self.values[name]["value"] if name in self.values else None

    def write(self, path):
        with open(path, "w") as f:
            json.dump({name: self.values[name] for name in GOALS if name in self.values}, f,
                      indent=1)
            f.write("\n")

    def table(self):
        lines = ["%-36s %12s %-10s %18s   %s" % ("figure", "value", "unit", "this version", "goal")]
        for name, (unit, way, goal) in GOALS.items():
            if name not in self.values:
                continue
            value = self.values[name]["value"]
            step = STEP.get(name)
            lines.append("%-36s %12s %-10s %18s   %s" % (
                name, show(value), unit, verdict(name, way, value, step) if step else "",
                verdict(name, way, value, goal)))
        return "\n".join(lines)


def verdict(name, way, value, goal):
    sign = "<=" if way == AT_MOST else ">="
    return "%s %s %s" % (sign, show(goal), "met" if is_met(name, value, goal) else "MISSED")
