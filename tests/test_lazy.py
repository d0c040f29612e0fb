"""An attribute is worked out once for each instance, and one instance waits for no other."""

from threading import Event, Thread

from ruletag.lazy import lazy


class Counted:
    def __init__(self, begun: Event, may_end: Event) -> None:
        self.count = 0
        self._begun = begun
        self._may_end = may_end

    @lazy
    def value(self) -> int:
        """The count, which goes up by one."""
        self._begun.set()
        assert self._may_end.wait(10)
        self.count += 1
        return self.count


def free() -> Event:
    event = Event()
    event.set()
    return event


def test_it_is_worked_out_once() -> None:
    counted = Counted(Event(), free())

    assert [counted.value, counted.value] == [1, 1]


def test_one_instance_waits_for_no_other() -> None:
    begun, may_end = Event(), Event()
    slow = Counted(begun, may_end)
    thread = Thread(target=lambda: slow.value)
    thread.start()
    try:
        assert begun.wait(10)
        quick = Counted(Event(), free())
        found: list[int] = []
        asking = Thread(target=lambda: found.append(quick.value), daemon=True)
        asking.start()
        asking.join(5)
        assert found == [1]
    finally:
        may_end.set()
        thread.join()
