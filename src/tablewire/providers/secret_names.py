"""Which fields, parameters and headers hold secrets, or concern a person: told by their names."""

import re
from collections.abc import Mapping
from functools import lru_cache

_NAMES = frozenset(
    [
        "accountid",
        "auth",
        "card",
        "cardnumber",
        "cookies",
        "customerid",
        "dateofbirth",
        "deviceid",
        "diner",
        "dinerid",
        "firstname",
        "gpid",
        "guest",
        "guestid",
        "jwt",
        "lastname",
        "passwd",
        "paymentmethod",
        "paymentmethods",
        "paymentmethodid",
        "pwd",
        "session",
        "sid",
        "user",
        "userid",
        "username",
        "visitorid",
    ]
)
_ENDINGS = [
    "apikey",
    "authorization",
    "auth",
    "cookie",
    "correlationid",
    "csrf",
    "email",
    "emailaddress",
    "emaddress",
    "mobile",
    "mobilenumber",
    "password",
    "phone",
    "phonenumber",
    "secret",
    "sessionid",
    "token",
    "tokens",
]
_PUBLIC_ENDINGS = ("availabilitytoken", "availabilitytokens")
"""Names that end like secrets, and only name a table that anybody may see."""
_MADE_UP = ("csrf", "csrf-token", "correlation-id")
"""Headers that are drawn anew for each call, and give nothing away."""
_ENVIRON_WORDS = ("KEY", "TOKEN", "SECRET", "PASSWORD", "CREDENTIAL")
_QUOTED = re.compile(r'"([^"]+)"')
_SHORTEST = 4


@lru_cache(maxsize=4_096)
def is_secret_name(name: str) -> bool:
    """Whether a field or a parameter of this name holds a secret, or concerns a person."""
    plain = re.sub(r"[^a-z0-9]", "", name.lower())
    if plain.endswith(_PUBLIC_ENDINGS):
        return False
    return plain in _NAMES or plain.endswith(tuple(_ENDINGS))


def secrets_of(headers: Mapping[str, str]) -> set[str]:
    """The secrets that a request's headers carry: an echo of them must not be kept either."""
    found: set[str] = set()
    for name, value in headers.items():
        if is_secret_name(name) and not name.lower().endswith(_MADE_UP):
            inner = _QUOTED.findall(value) or value.split()[-1:]
            found |= {value, *inner}
    return {one for one in found if len(one) >= _SHORTEST}


def secrets_in(environ: Mapping[str, str]) -> set[str]:
    """What looks like a secret in an environment: providers of other packages read theirs from there."""
    return {
        value
        for name, value in environ.items()
        if len(value) >= _SHORTEST and any(word in name.upper() for word in _ENVIRON_WORDS)
    }
