"""Writes the page of all settings, `docs/settings.md`, from the structs that declare them."""

import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

import msgspec

from tablewire.setting_reader import PREFIX, Variable
from tablewire.setting_rooms import rooms

_HEAD = f"""# Settings

Made from `src/tablewire/setting_rooms.py` by `make docs`; do not edit it by hand.

Settings are environment variables, or lines of a `.env` file in the working directory. A variable wins over the file; one
that is empty counts as left out. A value that is not allowed, or a name beginning with `{PREFIX}` that is not
below, stops the start with a message that says what is allowed. `tablewire config` prints what is in force and
where each value came from, secrets masked. Durations are written `30s`, `10m`, `1h`, with fractions where wanted.
"""


def page() -> str:
    """The whole page as Markdown."""
    return "\n".join([_HEAD, *(_section(struct, variables) for struct, variables in rooms())])


def _section(struct: type[msgspec.Struct], variables: Mapping[str, Variable]) -> str:
    title = struct.__name__.removesuffix("Settings")
    rows = "\n".join(_row(variable) for variable in variables.values())
    return f"""## {title}
{struct.__doc__}

| variable | default | allowed | meaning |
| --- | --- | --- | --- |
{rows}
"""


def _row(variable: Variable) -> str:
    default = "unset" if variable.default is None else f"`{variable.default}`"
    secret = " (secret)" if variable.is_secret else ""
    return f"| `{variable.full_name}` | {default} | {variable.kind.allowed} | {variable.meaning}{secret} |"


def main(arguments: Sequence[str]) -> int:
    """Write the page into the working directory's `docs`; with `--check` only say whether it is out of date (1)."""
    path = Path("docs/settings.md")
    if "--check" not in arguments:
        path.write_text(page(), encoding="utf-8")
    elif not path.exists() or path.read_text(encoding="utf-8") != page():
        print(f"{path} is out of date: run `make docs`", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
