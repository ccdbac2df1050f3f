"""The end of a client's connection: what is called when it is over, however that comes."""

from collections.abc import Callable


class Ended:
    """What is called when a client's connection is over."""

    def __init__(self, number: int, call: Callable[[], None]) -> None:
        self.number = number
        self._call = call

    def __call__(self) -> None:
        self._call()

    def __hash__(self) -> int:
        return self.number
