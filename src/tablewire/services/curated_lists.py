"""Reads the curated lists that come with the package."""

import tomllib
from collections.abc import Mapping
from importlib.resources import files

import msgspec

from tablewire.domain.curated import CuratedList


def load_curated() -> Mapping[str, CuratedList]:
    """All lists by their ids, in order."""
    folder = files("tablewire") / "data" / "curated"
    found = {
        file.name.removesuffix(".toml"): msgspec.convert(tomllib.loads(file.read_text("utf-8")), CuratedList)
        for file in folder.iterdir()
        if file.name.endswith(".toml")
    }
    return dict(sorted(found.items()))
