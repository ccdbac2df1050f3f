"""Reads declared variables out of options, the environment and a `.env` file, noting all that is wrong."""

import difflib
from collections.abc import Mapping, Sequence
from importlib.metadata import version
from pathlib import Path
from typing import Any, Literal

import msgspec

from tablewire.errors import FieldError, SettingsError
from tablewire.setting_files import read_env_file
from tablewire.setting_values import SECRET, Kind

PREFIX = "TABLEWIRE_"
"""What every variable's name begins with, in the environment and in the file."""

Origin = Literal["default", ".env", "environment", "option"]


class Variable(msgspec.Struct, frozen=True):
    """One setting: its name without the prefix, its default as an operator would write it (None: unset), its meaning."""

    name: str
    default: str | None
    kind: Kind
    meaning: str

    @property
    def full_name(self) -> str:
        """The name of the environment variable."""
        return PREFIX + self.name

    @property
    def is_secret(self) -> bool:
        """Whether its value is never shown."""
        return self.kind is SECRET


class ShownSetting(msgspec.Struct, frozen=True, gc=False):
    """One setting as people may see it: full name, value with secrets masked, and where the value came from."""

    name: str
    value: str
    origin: Origin


class Reader:
    """One reading of the settings, which collects what is wrong instead of stopping at the first."""

    def __init__(self, environ: Mapping[str, str], env_file: Path | None, options: Mapping[str, str]) -> None:
        self._wrong: list[FieldError] = []
        self._shown: list[ShownSetting] = []
        self._layers: tuple[tuple[Origin, Mapping[str, str]], ...] = (
            ("option", options),
            ("environment", environ),
            (".env", self._lines_of(env_file)),
        )

    def _lines_of(self, env_file: Path | None) -> dict[str, str]:
        try:
            return read_env_file(env_file)
        except ValueError as wrong:
            self._wrong.append(FieldError(".env", str(wrong)))
            return {}

    def refuse_unknown(self, variables: Sequence[Variable]) -> None:
        """Note every name with our prefix that is none of these variables', with the closest one that is."""
        known = [variable.full_name for variable in variables]
        for origin, layer in self._layers:
            for name in sorted(layer):
                if name.upper().startswith(PREFIX) and name not in known:
                    closest = difflib.get_close_matches(name.upper(), known, n=1, cutoff=0.0)[0]
                    message = f"there is no such setting (from {origin}); the closest is {closest}"
                    self._wrong.append(FieldError(name, message))

    def value(self, variable: Variable) -> Any:
        """The variable's value; None where it is unset, and where it was refused (which is noted)."""
        text, origin = self._text(variable)
        shown = "unset" if text is None else variable.kind.show(text)
        self._shown.append(ShownSetting(variable.full_name, shown, origin))
        try:
            return None if text is None else variable.kind.read(text)
        except (ValueError, RuntimeError):  # RuntimeError: the home directory of a `~user` who does not exist
            allowed = variable.kind.allowed
            self.refuse(variable.name, f"{shown!r} (from {origin}) is not allowed; allowed: {allowed}")
            return None

    def _text(self, variable: Variable) -> tuple[str | None, Origin]:
        given, origin = self._given(variable)
        text = given or variable.default
        return text and text.replace("<version>", version("tablewire")), origin if given else "default"

    def _given(self, variable: Variable) -> tuple[str | None, Origin]:
        for origin, layer in self._layers:
            if variable.full_name in layer:
                return layer[variable.full_name].strip(), origin
        return None, "default"

    def refuse(self, name: str, message: str) -> None:
        """Note what is wrong with a variable (name without the prefix)."""
        self._wrong.append(FieldError(PREFIX + name, message))

    def could_read(self, *names: str) -> bool:
        """Whether nothing has been noted against any of these variables (names without the prefix)."""
        return not {PREFIX + name for name in names} & {wrong.field for wrong in self._wrong}

    def finish(self) -> tuple[ShownSetting, ...]:
        """All that was read, as people may see it; raises SettingsError with all that was wrong, if anything was."""
        if self._wrong:
            raise SettingsError(self._wrong)
        return tuple(self._shown)
