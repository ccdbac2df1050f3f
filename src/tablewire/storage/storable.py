"""Makes hostile text storable: PostgreSQL takes neither null characters nor halves of characters."""


def storable(text: str) -> str:
    """The text as it can be stored: null characters are left out, lone surrogates become question marks."""
    if text.isascii():
        return text.replace("\x00", "") if "\x00" in text else text
    return text.replace("\x00", "").encode("utf-8", "replace").decode("utf-8")


def storable_or_none(text: str | None) -> str | None:
    """The same for text that may be absent."""
    return None if text is None else storable(text)
