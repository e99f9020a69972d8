"""The memory of the process. What many threads allocated and freed lies in pieces that glibc keeps for later, 60 MB
after two hours of STARs (docs/reliability.md): from time to time it is asked to give back what nobody uses."""

import ctypes

EVERY_S = 60.0


def give_back() -> bool:
    """Gives free memory back to the system; whether this system's C library can (malloc_trim(3): glibc alone)."""
    try:
        trim = ctypes.CDLL(None).malloc_trim
    except (AttributeError, OSError):
        return False
    trim(0)
    return True
