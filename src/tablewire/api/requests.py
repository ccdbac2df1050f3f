"""What a request brings: its user, its body, and what stands in its address."""

import enum
import types
from collections.abc import Iterator
from typing import Any, Final, Literal, TypeVar, Union, cast, get_args, get_origin

import msgspec

from tablewire.api.query import Query
from tablewire.api.routes import AnyRequest
from tablewire.domain.users import User
from tablewire.errors import BadInput, FieldError, NotFound

T = TypeVar("T")

_LARGEST: Final = 2**63 - 1
_MOST_WRONG: Final = 50
"""So many wrong fields are named at most."""


def user_of(request: AnyRequest) -> User:
    """Who asks: the gate has let them in."""
    return cast("User", request.scope["state"]["user"])


def no_parameters(request: AnyRequest) -> None:
    """For an address without parameters. Raises `BadInput` where some are given."""
    Query(request.scope["query_string"]).check()


def id_of(request: AnyRequest, name: str = "id") -> int:
    """An id in the address. Raises `NotFound` where it can be nobody's."""
    text = str(request.path_params[name])
    if text.isascii() and text.isdigit() and len(text) <= 19 and 1 <= int(text) <= _LARGEST:
        return int(text)
    raise NotFound("There is no such thing.")


async def body_of(request: AnyRequest, kind: type[T]) -> T:
    """The JSON body as a value of that type. Raises `BadInput` that names every wrong field."""
    return read_body(await request.body(), kind)


def read_body(raw: bytes, kind: type[T]) -> T:
    """JSON as a value of that type. Raises `BadInput` that names every wrong field."""
    try:
        value = msgspec.json.decode(raw)
        wrong = [*_hostile(value, ""), *_wrong(value, kind, "")]
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise BadInput.of("body", f"it is no JSON: {error}") from None
    except RecursionError:
        raise BadInput.of("body", "it is nested too deeply") from None
    if wrong:
        raise BadInput(list(dict.fromkeys(wrong))[:_MOST_WRONG])
    return msgspec.convert(value, kind)


def _hostile(value: Any, path: str) -> Iterator[FieldError]:
    """What no field takes, whatever its type says."""
    match value:
        case str() if "\x00" in value:
            yield FieldError(path or "body", "it has a null character; texts without are allowed")
        case int() if not -_LARGEST <= value <= _LARGEST:
            yield FieldError(path or "body", "the number is too large; 64 bits are allowed")
        case list():
            for place, item in enumerate(value):
                yield from _hostile(item, f"{path}[{place}]")
        case dict():
            for name, item in value.items():
                if "\x00" in name:
                    yield FieldError(path or "body", "a name in it has a null character")
                else:
                    yield from _hostile(item, _under(path, name))
        case _:
            pass


def _wrong(value: Any, kind: Any, path: str) -> Iterator[FieldError]:
    """Everything in a value that its type does not allow; structs and lists are looked into, part by part."""
    inner = _only(kind, value)
    if isinstance(inner, type) and issubclass(inner, msgspec.Struct) and isinstance(value, dict):
        if inner.__struct_config__.tag is None:
            yield from _wrong_fields(value, inner, path)
            return
    elif isinstance(value, list) and get_origin(inner) in (list, tuple):
        item_kinds = get_args(inner)
        if len(item_kinds) == 1 or item_kinds[1:] == (...,):
            found = [
                wrong
                for place, item in enumerate(value)
                for wrong in _wrong(item, item_kinds[0], f"{path}[{place}]")
            ]
            if found:
                yield from found
                return
    try:
        msgspec.convert(value, kind)
    except msgspec.ValidationError as error:
        yield _said(str(error), kind, path)


def _wrong_fields(value: dict[str, Any], kind: type[msgspec.Struct], path: str) -> Iterator[FieldError]:
    fields = {field.encode_name: field for field in msgspec.structs.fields(kind)}
    before = False
    for name in value:
        if name not in fields:
            before = True
            yield FieldError(
                _under(path, name[:100]), f"there is no such field; there are: {', '.join(fields)}"
            )
    for name, field in fields.items():
        if name in value:
            for wrong in _wrong(value[name], field.type, _under(path, name)):
                before = True
                yield wrong
        elif field.required:
            before = True
            yield FieldError(_under(path, name), "it is missing")
    if not before:
        try:  # what only the whole can be asked: `__post_init__`
            msgspec.convert(value, kind)
        except msgspec.ValidationError as error:
            yield _said(str(error), kind, path)


def _only(kind: Any, value: Any) -> Any:
    """The type that is meant where it is that or nothing."""
    if get_origin(kind) in (Union, types.UnionType):
        meant = [one for one in get_args(kind) if one not in (types.NoneType, msgspec.UnsetType)]
        if len(meant) == 1 and value is not None:
            return meant[0]
    return kind


def _said(message: str, kind: Any, path: str) -> FieldError:
    """An error of msgspec's, whose place is written `$.a[0]`, in our words."""
    what, _, place = message.partition(" - at `")
    place = place.rstrip("`").removeprefix("$").removeprefix(".")
    where = path + place if place.startswith("[") else _under(path, place) if place else path
    words = list(_words(kind))
    if what.startswith("Invalid enum value") and words:
        what = f"{what}; allowed: {', '.join(words)}"
    return FieldError(where or "body", what[:1].lower() + what[1:])


def _words(kind: Any) -> Iterator[str]:
    """The words of the closed sets that a type names."""
    if get_origin(kind) is Literal:
        yield from (str(word) for word in get_args(kind))
    elif isinstance(kind, type) and issubclass(kind, enum.Enum):
        yield from (str(one.value) for one in kind)
    else:
        for one in get_args(kind):
            yield from _words(one)


def _under(path: str, name: str) -> str:
    return f"{path}.{name}" if path else name
