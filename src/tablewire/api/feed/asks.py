"""How often one client may make the service ask the providers."""

import time
from collections.abc import Callable

from tablewire.api.allowance import Allowances
from tablewire.api.problems import Refusal

_AT_ONCE = 3.0


class AskLimit:
    """A small allowance for each client, which fills up again with time."""

    def __init__(self, per_minute: float, clock: Callable[[], float] = time.monotonic) -> None:
        self._allowances = Allowances(per_minute / 60, _AT_ONCE, clock=clock)

    def take(self, client: str) -> None:
        """Use up one ask. Raises `Refusal` (429) that says when the next one is allowed."""
        wait = self._allowances.take(client)
        if wait is not None:
            detail = (
                f"The providers can be asked again in {wait} s; without live=true the answer is from memory."
            )
            raise Refusal(429, "too-many-asks", detail, retry_after=wait)
