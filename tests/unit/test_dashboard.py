"""The Grafana dashboard asks for metrics that there are."""

import json
import re
from pathlib import Path

from tablewire.telemetry import Metrics

DASHBOARD = Path(__file__).parents[2] / "docs/grafana.json"
NAME = re.compile(r"\btablewire_\w+")


def test_every_metric_on_the_dashboard_is_one_of_ours() -> None:
    panels = json.loads(DASHBOARD.read_text(encoding="utf-8"))["panels"]
    asked = {name for panel in panels for target in panel["targets"] for name in NAME.findall(target["expr"])}
    told = Metrics(version="0", demo=False).render().decode()
    families = set(re.findall(r"^# TYPE (tablewire_\w+)", told, re.MULTILINE))
    known = families | {f"{family}_bucket" for family in families}
    assert len(asked) >= 15
    assert asked - known == set()
