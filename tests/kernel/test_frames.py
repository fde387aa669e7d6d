"""Calls at the edge of a piece of the frames' stack."""

import resource

from kernel.frames import with_room

CALLS = 500
DEPTHS = range(20, 340)


def _nothing():
    return None


def _many_calls(depth):
    if depth:
        return _many_calls(depth - 1)
    for _ in range(CALLS):
        _nothing()
    return None


@with_room
def _many_calls_with_room(depth):
    return _many_calls(depth)


def _faults(function, depth):
    """Pages of memory that the system had to hand out meanwhile."""
    before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
    function(depth)
    return resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before


def test_with_room_no_depth_takes_memory_call_by_call():
    """The twin without room does, at some depth: the test would see it."""
    assert max(_faults(_many_calls, depth) for depth in DEPTHS) >= CALLS
    assert max(_faults(_many_calls_with_room, depth) for depth in DEPTHS) < CALLS / 2


def test_with_room_keeps_name_arguments_closure_and_errors():
    extra = 3

    @with_room
    def add(one, two=2):
        """Adds."""
        return one + two + extra

    assert (add(1), add(1, two=5), add.__name__, add.__doc__) == (6, 9, "add", "Adds.")
