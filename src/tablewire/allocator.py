"""Has the C library give back the memory of large answers as soon as they have been read."""

import ctypes

_M_MMAP_THRESHOLD = -3
_BYTES = 128 << 10


def give_back_large_blocks() -> bool:
    """Keep large blocks out of the heap, for good; answers whether the C library could be told so.

    glibc begins with this very threshold, but raises it to the size of the first large block that is freed. From then on pages
    of a provider lie in the heap among small objects that stay, which keep it from shrinking after a burst.
    """
    try:
        tell = ctypes.CDLL(None).mallopt
    except (OSError, AttributeError, TypeError):
        return False
    return bool(tell(_M_MMAP_THRESHOLD, _BYTES))
