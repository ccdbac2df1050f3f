"""A service that tells its users, as a program: it serves like `tablewire serve`, and may kill itself at a step that it is given.

`python tests/telling.py [before_telling | after_telling | before_noting]`
"""

import os
import signal
import sys
from collections.abc import Callable, Coroutine
from datetime import timedelta
from typing import Any
from unittest.mock import patch

from tablewire.cli import main
from tablewire.engine import deliver
from tablewire.storage.deliveries import PostgresOutbox
from tablewire.storage.telling import PostgresTelling

SHORT_LEASE = timedelta(seconds=1)
"""What a killed process holds is free again after this."""

Method = Callable[..., Coroutine[Any, Any, Any]]


def die_at(step: str) -> None:
    """Have this process killed at a step, whoever takes it."""
    match step:
        case "before_telling":
            PostgresTelling.tell = _killing(PostgresTelling.tell, before=True)  # type: ignore[method-assign]  # that is the point
        case "after_telling":
            PostgresTelling.tell = _killing(PostgresTelling.tell, before=False)  # type: ignore[method-assign]  # as above
        case "before_noting":
            PostgresOutbox.sent = _killing(PostgresOutbox.sent, before=True)  # type: ignore[method-assign]  # as above
        case _:
            raise ValueError(step)


def _killing(method: Method, *, before: bool) -> Method:
    """`before`: where it is given something; else once it has answered something."""

    async def called(of: Any, first: Any, *others: Any, **named: Any) -> Any:
        if before and first:
            os.kill(os.getpid(), signal.SIGKILL)
        answer = await method(of, first, *others, **named)
        if answer:
            os.kill(os.getpid(), signal.SIGKILL)
        return answer

    return called


if __name__ == "__main__":
    for step in sys.argv[1:]:
        die_at(step)
    sys.argv = ["tablewire", "serve"]
    with patch.object(deliver, "LEASE", SHORT_LEASE):
        main()
