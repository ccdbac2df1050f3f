"""Looking up hosts' names on threads of our own, so that a name server that hangs holds up nobody else."""

import asyncio
import socket
import threading
from collections.abc import Callable

AT_ONCE = 64
"""Lookups under way. One that hangs keeps its thread until the system gives it up."""

Found = list[tuple[int, str]]
"""Families and addresses."""


def ask_system(host: str) -> Found:
    """All addresses of a host. Raises OSError where there are none."""
    answers = socket.getaddrinfo(host, None, type=socket.SOCK_STREAM)
    return list(dict.fromkeys((int(family), str(address[0])) for family, _, _, _, address in answers))


class Names:
    """Lookups; those of one name at one time are one."""

    def __init__(self, ask: Callable[[str], Found] = ask_system) -> None:
        self._ask = ask
        self._under_way: dict[str, asyncio.Future[Found]] = {}

    async def look_up(self, host: str) -> Found:
        """All addresses of a host. Raises OSError where it is not found, or too many lookups hang."""
        found = self._under_way.get(host)
        if found is None:
            if len(self._under_way) >= AT_ONCE:
                raise OSError("too many names are being looked up")
            found = self._begin(host)
        return await asyncio.shield(found)

    def _begin(self, host: str) -> asyncio.Future[Found]:
        loop = asyncio.get_running_loop()
        future: asyncio.Future[Found] = loop.create_future()
        self._under_way[host] = future

        def finish(found: Found | OSError) -> None:
            del self._under_way[host]
            if isinstance(found, OSError):
                future.set_exception(found)
                future.exception()  # nobody may be waiting any more
            else:
                future.set_result(found)

        def work() -> None:
            result: Found | OSError
            try:
                result = self._ask(host)
            except (OSError, UnicodeError) as error:
                result = error if isinstance(error, OSError) else OSError("it is no name of a host")
            try:
                loop.call_soon_threadsafe(finish, result)
            except RuntimeError:
                return  # the loop is closed: nobody waits

        threading.Thread(target=work, name="look up a name", daemon=True).start()
        return future
