"""The map in `docs/map.md` and the tree of modules name the same files."""

import re
from pathlib import Path

ROOT = Path(__file__).parents[2]
PACKAGE = ROOT / "src/tablewire"
ENTRY = re.compile(r"^\s*(?:[-*|] *)?`(?P<module>[\w/]+\.py)`\s*[—|:-]\s*\S", re.MULTILINE)


def modules_on_the_map() -> list[str]:
    return [found["module"] for found in ENTRY.finditer((ROOT / "docs/map.md").read_text(encoding="utf-8"))]


def modules_in_the_tree() -> set[str]:
    paths = (path.relative_to(PACKAGE) for path in PACKAGE.rglob("*.py"))
    return {path.as_posix() for path in paths if path.name != "__init__.py"}


def test_every_module_is_on_the_map_with_its_meaning() -> None:
    assert modules_in_the_tree() - set(modules_on_the_map()) == set()


def test_everything_on_the_map_is_in_the_tree() -> None:
    assert set(modules_on_the_map()) - modules_in_the_tree() == set()


def test_no_module_is_on_the_map_twice() -> None:
    named = modules_on_the_map()
    assert sorted(named) == sorted(set(named))


def test_init_files_hold_a_docstring_and_nothing_else() -> None:
    texts = {
        path.relative_to(PACKAGE).as_posix(): path.read_text("utf-8") for path in PACKAGE.rglob("__init__.py")
    }
    wordy = [name for name, text in texts.items() if not re.fullmatch(r'"""[^"]+"""\n', text)]
    assert wordy == []
