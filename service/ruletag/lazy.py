"""Attributes that are worked out when they are first asked for.

As `functools.cached_property` is from Python 3.12 on. Before, it takes a lock that all
instances of a class share: while one text is looked at in a thread, every other thread
and the event loop would wait.
"""

from collections.abc import Callable
from typing import Any, Generic, TypeVar

_Value = TypeVar("_Value")


class lazy(Generic[_Value]):  # noqa: N801 - used as a decorator
    """Work out an attribute on first use and keep it in the instance."""

    def __init__(self, function: Callable[[Any], _Value]) -> None:
        self._function = function
        self._name = function.__name__
        self.__doc__ = function.__doc__

    def __get__(self, instance: Any, owner: type | None = None) -> _Value:  # noqa: ANN401 - any class may use it
        value = instance.__dict__[self._name] = self._function(instance)
        return value
