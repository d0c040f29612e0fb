"""Each good edit is put in force, each bad one refused, and nothing else happens."""

import os
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest

from ruletag.matching.compiler import CompiledRules
from ruletag.matching.tagger import tag
from ruletag.problems import Location, Problem
from ruletag.serving import follower as follower_module
from ruletag.serving import leader
from ruletag.serving.builder import Job, Report, run
from ruletag.serving.follower import Follower
from ruletag.serving.leader import Leader, Watch
from ruletag.serving.shared import Published, Shared, Slot
from ruletag.serving.store import Store

COPPER = "categories: {metals: [copper]}\n"
ZINC = "categories: {metals: [zinc]}\n"
TEXT = "copper and zinc"


class Watched:
    """A folder under watch, looked at only when the test says so, and compiled in this process."""

    def __init__(self, folder: Path, state: Path | None = None) -> None:
        self.folder = folder
        self.store = Store()
        self.shared = Shared()
        self.jobs: list[Job] = []
        self.during_build: Callable[[], None] = lambda: None
        self.leader = Leader(Watch(folder, state=state), self.shared, self._build)
        self._stop = threading.Event()
        follower = Follower(self.shared, self.store)
        self._thread = threading.Thread(target=follower.run, args=(self._stop,))
        self._thread.start()
        self._follower = follower

    def _build(self, job: Job) -> Report:
        self.jobs.append(job)
        self.during_build()
        return run(job)

    def replace_leader(self) -> None:
        """Let another leader go on, as after the end of its process."""
        self.leader = Leader(Watch(self.folder), self.shared, self._build)

    def close(self) -> None:
        """Stop following."""
        self._stop.set()
        self._thread.join()
        self.shared.close()

    def write(self, content: str, name: str = "metals.yaml") -> None:
        """Write a rule file."""
        (self.folder / name).write_text(content, encoding="utf-8")

    def look(self) -> None:
        """Look at the folder once, and wait until what came of it is in force."""
        self.leader.look()
        while not self._follower.is_up_to_date:
            time.sleep(0.001)

    @property
    def found(self) -> list[str]:
        """What the rules in force find in the text."""
        assert self.store.current is not None
        return [e.text for t in tag(self.store.current.rules, TEXT).tags for e in t.evidence]

    @property
    def generation(self) -> int:
        """How many rule sets were put in force."""
        return self.store.current.generation if self.store.current else 0

    @property
    def refused(self) -> list[str]:
        """The problems of the last edit, if it was refused: place and code."""
        problems = self.store.refusal.problems if self.store.refusal else ()
        return [f"{problem.location} {problem.code}" for problem in problems]


@pytest.fixture
def empty(tmp_path: Path) -> Iterator[Watched]:
    folder = tmp_path / "rules"
    folder.mkdir()
    with closing(Watched(folder)) as watched:
        yield watched


@pytest.fixture
def watched(empty: Watched) -> Watched:
    empty.write(COPPER)
    empty.look()
    return empty


def test_a_worker_is_ready_when_all_have_rules(empty: Watched) -> None:
    other = empty.shared.take_row()  # of a worker that has loaded, and does not answer yet
    empty.shared.sign(other, 1)
    empty.write(COPPER)
    empty.look()
    assert empty.found == ["copper"]
    assert not empty.store.is_ready

    empty.shared.sign(other, 1, in_force=True)
    while not empty.store.is_ready:
        time.sleep(0.001)


def test_the_first_rules_are_put_in_force(watched: Watched) -> None:
    assert (watched.found, watched.generation) == (["copper"], 1)


def test_an_edit_is_put_in_force(watched: Watched) -> None:
    watched.write(ZINC)
    watched.look()

    assert (watched.found, watched.generation, watched.refused) == (["zinc"], 2, [])


def test_a_folder_that_is_being_written_to_is_left_alone(
    watched: Watched, monkeypatch: pytest.MonkeyPatch
) -> None:
    watched.write(ZINC)
    monkeypatch.setattr(time, "sleep", lambda _: watched.write(ZINC + "# more\n"))
    watched.leader.look()
    monkeypatch.undo()
    assert len(watched.jobs) == 1

    watched.look()
    assert watched.found == ["zinc"]


# name, what the file becomes, what is reported
BAD_EDITS = [
    ("a bracket that is not closed", "categories: {metals: [zinc", "metals.yaml:1:22 E101"),
    ("an unknown key", "categories:\n  metals:\n    mach: [zinc]\n", "metals.yaml:3:5 E201"),
    ("nothing at all", "", "metals.yaml:1:1 E111"),
    (
        "a test that fails",
        "categories:\n  metals:\n    match: [zinc]\n    tests: {tag: [copper]}\n",
        "metals.yaml:4:19 E405",
    ),
]


@pytest.mark.parametrize(
    ("content", "reported"), [pytest.param(*case[1:], id=case[0]) for case in BAD_EDITS]
)
def test_a_bad_edit_keeps_the_rules(watched: Watched, content: str, reported: str) -> None:
    watched.write(content)
    watched.look()

    assert (watched.found, watched.generation) == (["copper"], 1)
    assert reported in watched.refused


def test_mending_clears_the_refusal(watched: Watched) -> None:
    watched.write("[")
    watched.look()
    assert watched.refused

    watched.write(ZINC)
    watched.look()
    assert (watched.found, watched.refused) == (["zinc"], [])


def test_going_back_to_what_is_in_force_counts_as_no_activation(watched: Watched) -> None:
    watched.write("[")
    watched.look()

    watched.write(COPPER)
    watched.look()

    assert (watched.found, watched.generation, watched.refused) == (["copper"], 1, [])


def test_there_and_back_again_are_two_activations(watched: Watched) -> None:
    for content in (ZINC, COPPER):
        watched.write(content)
        watched.look()

    assert (watched.found, watched.generation) == (["copper"], 3)


def test_an_edit_that_keeps_size_and_date_is_seen(watched: Watched) -> None:
    path = watched.folder / "metals.yaml"
    before = path.stat()
    path.write_text(COPPER.replace("copper", "zinc  "), encoding="utf-8")
    os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))
    assert path.stat().st_size == before.st_size

    watched.look()

    assert watched.found == ["zinc"]


def test_without_any_file_the_rules_stay(watched: Watched) -> None:
    (watched.folder / "metals.yaml").unlink()
    watched.look()

    assert watched.found == ["copper"]
    assert watched.refused == [f"{watched.folder} E403"]


def test_a_folder_that_is_gone_and_comes_back(watched: Watched, tmp_path: Path) -> None:
    away = tmp_path.with_name("away")
    watched.folder.rename(away)
    watched.look()
    assert (watched.found, len(watched.refused)) == (["copper"], 1)

    away.rename(watched.folder)
    watched.write(ZINC)
    watched.look()
    assert (watched.found, watched.refused) == (["zinc"], [])


def test_files_of_editors_and_hidden_files_do_not_count(watched: Watched) -> None:
    for name in (".metals.yaml.swp", ".#metals.yaml", "#metals.yaml#", "metals.yaml~", "4913"):
        watched.write("[", name)
    watched.look()

    assert (watched.found, watched.refused, watched.generation) == (["copper"], [], 1)


def test_a_start_without_good_rules_ends_well(empty: Watched) -> None:
    watched = empty
    watched.write("[")
    watched.look()
    assert watched.store.current is None
    assert watched.refused

    watched.write(COPPER)
    watched.look()
    assert watched.found == ["copper"]


def config_map(mount: Path) -> None:
    """Lay out a mounted ConfigMap of two files, in two versions."""
    mount.mkdir()
    for version, word in (("..v1", "copper"), ("..v2", "zinc")):
        (mount / version).mkdir()
        for name in ("one", "two"):
            content = f"categories: {{{name}: [{word}]}}\n"
            (mount / version / f"{name}.yaml").write_text(content, encoding="utf-8")
    (mount / "..data").symlink_to("..v1")
    for name in ("one", "two"):
        (mount / f"{name}.yaml").symlink_to(Path("..data", f"{name}.yaml"))


def swap_until(stop: threading.Event, mount: Path) -> None:
    """Swap the versions again and again, the way the kubelet does."""
    version = 0
    while not stop.is_set():
        version += 1
        link = mount / "..data_tmp"
        link.symlink_to(f"..v{version % 2 + 1}")
        link.replace(mount / "..data")


def test_a_mounted_config_map_is_read_whole(tmp_path: Path) -> None:
    mount = tmp_path / "mount"
    config_map(mount)
    slot = Slot.new()
    stop = threading.Event()
    swapper = threading.Thread(target=swap_until, args=(stop, mount))
    swapper.start()

    digests = set()
    try:
        for _ in range(300):
            report = run(Job(mount, slot.handle))
            digests.add(report.digest)
    finally:
        stop.set()
        swapper.join()
        slot.close()

    assert len(digests - {""}) <= 2
    assert digests - {""}


def test_a_compiler_that_fails_is_a_refused_edit_and_tried_again(
    watched: Watched, monkeypatch: pytest.MonkeyPatch
) -> None:
    problem = Problem(Location("", 0, 0), "E499", "the compiler did not get through")
    monkeypatch.setattr(watched.leader, "_build", lambda _: Report("failed", problems=(problem,)))
    watched.write(ZINC)
    watched.look()
    assert watched.found == ["copper"]
    assert watched.refused == [f"{watched.folder} E499"]

    monkeypatch.undo()
    watched.look()
    assert watched.found == ["copper"]  # not at once

    watched.leader.retry()
    watched.look()
    assert (watched.found, watched.refused) == (["zinc"], [])


def test_asked_to_look_it_looks_at_what_has_not_changed_too(watched: Watched) -> None:
    watched.look()
    assert len(watched.jobs) == 1

    watched.shared.ask_for_look()
    watched.look()

    assert len(watched.jobs) == 2
    assert (watched.found, watched.generation) == (["copper"], 1)


@pytest.mark.parametrize("content", [COPPER, ZINC, "["])
def test_another_leader_does_not_do_again_what_is_done(watched: Watched, content: str) -> None:
    watched.write(content)
    watched.look()
    done, refusals = len(watched.jobs), watched.store.refusals

    watched.replace_leader()
    watched.look()
    assert (len(watched.jobs), watched.store.refusals) == (done, refusals)

    watched.write("categories: {metals: [tin]}")
    watched.look()
    assert len(watched.jobs) == done + 1


def test_another_leader_does_what_was_not_done(watched: Watched) -> None:
    watched.write(ZINC)
    lost = Published(2, 1, 10, "no such content", "sha256:2")
    watched.shared.write(replace(watched.shared.read(), next=lost))
    watched.shared.set_compiling(True)

    watched.replace_leader()
    watched.look()

    assert (watched.found, watched.generation) == (["zinc"], 2)
    assert watched.shared.read().next is None
    assert not watched.shared.is_compiling


def test_another_leader_tries_again_where_the_compiler_failed(
    watched: Watched, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(watched.leader, "_build", lambda _: Report("failed"))
    watched.write(ZINC)
    watched.look()
    assert watched.found == ["copper"]

    watched.replace_leader()
    watched.look()

    assert watched.found == ["zinc"]


def test_an_edit_is_said_to_be_under_way_while_it_is_compiled(watched: Watched) -> None:
    seen = []
    watched.during_build = lambda: seen.append(watched.shared.is_compiling)
    watched.write(ZINC)
    watched.look()

    assert seen == [True]
    assert not watched.shared.is_compiling


def test_an_edit_does_not_wait_long_for_one_worker(
    watched: Watched, caplog: pytest.LogCaptureFixture
) -> None:
    watched.shared.take_row()  # of a worker that loads nothing any more
    watched.write(ZINC)
    began = time.monotonic()
    watched.look()

    assert watched.found == ["zinc"]
    assert 1 < time.monotonic() - began < 8
    assert "1 of 2 workers take long" in caplog.text


def test_a_worker_that_was_left_behind_loads_before_it_answers(watched: Watched) -> None:
    store = Store()
    follower = Follower(watched.shared, store)
    follower.step()
    assert in_force(store) == 1
    watched.write(ZINC)
    watched.look()  # meanwhile this one does nothing
    seen: list[int] = []
    asking = threading.Thread(target=lambda: seen.append(in_force(store)))
    asking.start()
    asking.join(0.2)
    assert seen == []

    follower.step()
    asking.join(10)

    assert seen == [2]


def test_what_was_published_while_a_worker_was_left_behind_does_not_matter(
    watched: Watched,
) -> None:
    store = Store()
    follower = Follower(watched.shared, store)
    follower.step()
    for content in (ZINC, COPPER, ZINC):
        watched.write(content)
        watched.look()

    follower.step()

    assert in_force(store) == 4


def test_a_worker_that_cannot_load_what_is_in_force_answers_nothing(
    watched: Watched, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = Store()
    follower = Follower(watched.shared, store)
    follower.step()
    watched.write(ZINC)
    watched.look()
    monkeypatch.setattr(follower_module, "load", out_of_memory)
    stop = threading.Event()
    following = threading.Thread(target=follower.run, args=(stop,))
    following.start()
    began = time.monotonic()

    assert in_force(store) == in_force(store) == 0
    assert time.monotonic() - began < 5

    monkeypatch.undo()
    while in_force(store) != 2:
        assert time.monotonic() - began < 10
    stop.set()
    following.join()


def in_force(store: Store) -> int:
    """Return the generation that a request would be answered by; 0 for none."""
    return store.current.generation if store.current is not None else 0


def out_of_memory(content: bytes) -> CompiledRules:
    raise MemoryError(len(content))


def test_rules_that_no_worker_can_load_are_refused(
    watched: Watched, monkeypatch: pytest.MonkeyPatch
) -> None:
    lost = Report("built", "sha256:2", 10, "of no such content")
    monkeypatch.setattr(watched.leader, "_build", lambda _: lost)
    monkeypatch.setattr(leader, "_PATIENCE", 0.2)
    watched.write(ZINC)
    watched.look()

    assert (watched.found, watched.generation) == (["copper"], 1)
    assert watched.refused == [f"{watched.folder} E499"]


def test_a_lost_edit_is_not_taken_for_the_next_one(watched: Watched) -> None:
    """The leader before this one was ended when all had loaded an edit, and it was made anew."""
    slot = watched.shared.slots[1]
    lost = run(Job(written(watched, "tin"), slot.handle))
    state = watched.shared.read()
    following = Published(2, 1, lost.size, lost.sha256, lost.digest)
    watched.shared.write(replace(state, next=following))
    while watched.shared.loaded(following.mark) != (1, 0):
        time.sleep(0.001)
    watched.write(ZINC)

    watched.replace_leader()
    watched.look()

    assert (watched.found, watched.generation) == (["zinc"], 2)


def written(watched: Watched, word: str) -> Path:
    watched.write(f"categories: {{metals: [{word}]}}\n")
    return watched.folder


def test_only_one_process_leads(watched: Watched) -> None:
    child = os.fork()
    if child == 0:
        os._exit(int(watched.shared.try_to_lead()))

    _, status = os.waitpid(child, 0)

    assert os.WEXITSTATUS(status) == 0


def test_the_last_good_rules_are_there_at_the_next_start(tmp_path: Path) -> None:
    folder, state = tmp_path / "rules", tmp_path / "state"
    folder.mkdir()
    with closing(Watched(folder, state)) as watched:
        watched.write("lists: {goods: {file: goods.txt}}\ncategories: {metals: [$goods]}")
        watched.write("copper", "goods.txt")
        watched.look()
        watched.write("[")
        watched.look()
        assert watched.found == ["copper"]

    with closing(Watched(folder, state)) as restarted:
        restarted.look()
        assert (restarted.found, restarted.refused) == (["copper"], ["metals.yaml:1:1 E101"])

        restarted.write(ZINC)
        restarted.look()
        assert (restarted.found, restarted.refused) == (["zinc"], [])
