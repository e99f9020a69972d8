"""Free memory goes back to the system where its C library can do that."""

import platform

from starbot import heap


def test_free_memory_is_given_back_where_the_c_library_knows_how() -> None:
    assert heap.give_back() == (platform.libc_ver()[0] == "glibc")
