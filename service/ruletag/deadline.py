"""How long a piece of work may go on: in CPU time, and only while somebody waits for it.

Whatever may take long is handed the `Deadline` of its request and tells it what it
does; once the time is up, that raises `DeadlineError`, which whoever set the deadline
turns into an answer that is cut short, or into a refusal.
"""

from collections.abc import Callable
from math import inf
from time import thread_time
from typing import Final

_AT_ONCE: Final = 1_000  # steps between looks at the clock: a look costs as much as one
_FURTHER: Final = 8  # the part of the time that is allowed again, to finish what is found


class DeadlineError(Exception):
    """The time is up before the work is done."""


def _nobody_leaves() -> bool:
    return False


class Deadline:
    """So many seconds of CPU time, of the thread that makes it and works.

    The time is also up once ``is_gone`` says that nobody waits for the answer any more.
    """

    __slots__ = ("_is_gone", "_seconds", "_steps", "_until")

    def __init__(self, seconds: float = inf, is_gone: Callable[[], bool] = _nobody_leaves) -> None:
        self._seconds = seconds
        self._until = thread_time() + seconds
        self._is_gone = is_gone
        self._steps = 0

    @property
    def has_passed(self) -> bool:
        """Whether the time is up."""
        return thread_time() >= self._until or self._is_gone()

    def check(self) -> None:
        """Raise `DeadlineError` if the time is up."""
        if thread_time() >= self._until or self._is_gone():
            raise DeadlineError

    def spend(self, steps: int) -> None:
        """Count steps of some microseconds each. Raises `DeadlineError` if the time is up."""
        self._steps += steps
        if self._steps >= _AT_ONCE:
            self._steps = 0
            self.check()

    def extend(self) -> None:
        """Allow a little more time from now on, to answer with what was found until now."""
        self._until = thread_time() + self._seconds / _FURTHER


NEVER: Final = Deadline()
