"""Sealing: Fernet of the `cryptography` library behind the door of what keeps secrets unreadable."""

from base64 import urlsafe_b64encode


class FernetSealer:
    """Seals with one key of 32 bytes. What it seals says nothing, and cannot be changed unnoticed."""

    def __init__(self, key: bytes) -> None:
        from cryptography.fernet import Fernet  # noqa: PLC0415 - heavy, and wanted only where something is sealed

        self._fernet = Fernet(urlsafe_b64encode(key))

    def seal(self, secret: bytes) -> bytes:
        """The secret, unreadable; URL-safe ASCII."""
        return self._fernet.encrypt(secret)

    def open(self, sealed: bytes) -> bytes | None:
        """The secret; None where it was sealed with another key or is damaged."""
        from cryptography.fernet import InvalidToken  # noqa: PLC0415 - as above

        try:
            return self._fernet.decrypt(sealed)
        except (InvalidToken, ValueError):
            return None
