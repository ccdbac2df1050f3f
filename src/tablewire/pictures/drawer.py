"""The process that draws: a chart on standard input, its SVG on standard output."""

import sys

import msgspec

from tablewire.pictures.charts import Chart
from tablewire.pictures.drawing import draw


def main() -> None:
    """Draw one chart."""
    chart = msgspec.msgpack.decode(sys.stdin.buffer.read(), type=Chart)
    sys.stdout.buffer.write(draw(chart))


if __name__ == "__main__":
    main()
