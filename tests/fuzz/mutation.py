"""Valid input with one to three things wrong in it: so that most of it passes the first gate and meets what is behind.

Of JSON: a key is gone, a value is of another type, huge, odd text or nested deeply. Of lines (TOML, YAML): one is gone,
is there twice, stands elsewhere, or says something else.
"""

import copy
from collections.abc import Iterator, Sequence
from typing import Any, TypeAlias

from hypothesis import strategies as st

from tests.corpus import HOSTILE

Path: TypeAlias = tuple[str | int, ...]
MOST = 3


def _deep(value: Any) -> Any:
    for _ in range(60):
        value = [value]
    return value


# JSON on the wire holds no lone surrogate.
_TEXTS = [text[:3000] for name, text in HOSTILE.items() if name != "lone_surrogate"]
odd_texts = st.one_of(st.sampled_from(_TEXTS), st.text(max_size=40), st.just("x" * 40_000), st.just(""))
odd_values = st.one_of(
    odd_texts,
    st.none(),
    st.booleans(),
    st.integers(min_value=-(10**30), max_value=10**30),
    st.sampled_from([0, -1, 1.5, 1e308, [], {}, [None], {"": None}, [[]], "nan", "1" * 500]),
    st.builds(_deep, st.just("deep")),
)


def places(value: Any, here: Path = ()) -> Iterator[Path]:
    """Every place in a JSON value but the value itself."""
    inside = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for name, each in inside:
        yield (*here, name)
        yield from places(each, (*here, name))


@st.composite
def mutated(draw: st.DrawFn, valid: Any, most: int = MOST) -> Any:
    """A JSON value like this one, with up to so many things wrong in it."""
    value = copy.deepcopy(valid)
    for _ in range(draw(st.integers(1, most))):
        found = list(places(value))
        if found:
            _change(draw, value, draw(st.sampled_from(found)))
    return value


def _change(draw: st.DrawFn, value: Any, place: Path) -> None:
    around = value
    for part in place[:-1]:
        around = around[part]
    how = draw(st.sampled_from(("gone", "another", "another", "twice", "longer")))
    before = around[place[-1]]
    if how == "gone":
        del around[place[-1]]
    elif how == "twice":
        around[place[-1]] = [before, copy.deepcopy(before)]
    elif how == "longer" and isinstance(before, str):
        around[place[-1]] = before + draw(odd_texts)
    else:
        around[place[-1]] = copy.deepcopy(draw(odd_values))


@st.composite
def mutated_lines(draw: st.DrawFn, valid: str, others: Sequence[str]) -> str:
    """A text like this one, with one to three lines wrong; `others` is what may stand behind a key."""
    lines = valid.splitlines()
    for _ in range(draw(st.integers(1, MOST))):
        number = draw(st.integers(0, len(lines) - 1))
        how = draw(st.sampled_from(("gone", "twice", "elsewhere", "another", "another", "another", "noise")))
        line = lines[number]
        key, sign, _ = line.partition("=" if "=" in line else ":")
        if how == "another" and sign:
            lines[number] = f"{key}{sign} {draw(st.sampled_from(others) | odd_texts)}"
        elif how == "noise":
            lines.insert(number, draw(odd_texts))
        elif how == "elsewhere":
            lines.insert(draw(st.integers(0, len(lines) - 1)), lines.pop(number))
        elif how == "twice":
            lines.insert(number, line)
        elif len(lines) > 1:
            del lines[number]
    return "\n".join(lines)
