"""Room on the stack of Python's own frames, so that deep calls do not pay for it again and again."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from types import FunctionType
from typing import ParamSpec, TypeVar, cast

P = ParamSpec("P")
R = TypeVar("R")

ROOM = 33_000  # slots of eight bytes: CPython takes 512 kB then, and half of that is left for the calls below


def with_room(function: Callable[P, R]) -> Callable[P, R]:
    """The same function; all that it calls finds room for its frames in one block of memory.

    CPython (3.11 to 3.13, `push_chunk` in pystate.c) takes memory for a thread's frames from the system in pieces of
    16 kB, and gives the last piece back as soon as the frame on it returns. A loop of calls that begins at the end of a
    piece takes and returns one with each call: two system calls and a page fault, hundreds of times while one page is
    rendered. A frame that asks for more than a piece gets a larger one, and its callees use the rest of it.
    """
    plain = cast(FunctionType, function)
    roomy = FunctionType(
        plain.__code__.replace(co_stacksize=ROOM),
        plain.__globals__,
        plain.__name__,
        plain.__defaults__,
        plain.__closure__,
    )
    return cast("Callable[P, R]", wraps(plain)(roomy))
