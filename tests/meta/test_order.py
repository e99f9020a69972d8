"""The order of the tests: every one once, the long ones at the head of an equal part for each worker."""

from hypothesis import given
from hypothesis import strategies as st

from tests.order import ALONE, LONG, dealt

PATHS = [f"{ALONE}test_a.py", f"{LONG[0]}test_b.py", f"{LONG[1]}test_c.py", "tests/core/test_d.py"]


@given(st.lists(st.sampled_from(PATHS), max_size=60), st.integers(2, 8))
def test_every_test_is_there_once(files: list[str], workers: int) -> None:
    tests = list(enumerate(files))
    order = dealt(tests, workers, lambda test: test[1])
    assert sorted(order) == tests


def test_each_worker_begins_with_an_equal_share_of_the_long_ones_and_a_file_stays_together() -> None:
    files = [PATHS[0]] * 2 + [PATHS[1]] * 2 + [PATHS[2]] * 2 + [PATHS[3]] * 6
    tests = list(enumerate(files))
    alone, file, other, short = PATHS
    order = [name for _, name in dealt(tests, 2, lambda test: test[1])]
    assert order == [alone, file, file, short, short, short, alone, other, other, short, short, short]
