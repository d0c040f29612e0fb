"""Read, write and remove single files of the rule folder, for callers from outside.

Each step down the folder is opened without following links, and what is then
done is done there: nothing that is swapped meanwhile can lead out of it. Edits
are made one at a time, over all processes, under a lock that the system frees.
"""

import errno
import fcntl
import os
import secrets
import stat
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Final

from ruletag.limits import LIMITS

ENDINGS: Final = (".yaml", ".yml", ".txt", ".csv")
_CONFIG_MAP_LINK: Final = "..data"  # a mounted ConfigMap keeps its files behind this link
_HIDDEN: Final = ".ruletag-edit-"  # should one stay behind, nobody takes it for a rule file
_MOST_BYTES: Final = 1024  # of a name
_MOST_OF_PART: Final = 255  # bytes between two slashes; more than that no file system takes
_PATIENCE: Final = 30.0  # seconds to wait for another edit
_TICK: Final = 0.05
_FOLDER: Final = os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC
_FILE: Final = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
_NEW: Final = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC


class UnusableError(Exception):
    """The file, or the folder, cannot be read or edited from outside; the message says why."""


class FullError(Exception):
    """There is no room for the file; the message says why."""


class BusyError(Exception):
    """Another edit takes long."""


def is_name(name: str) -> bool:
    """Say whether a rule file or list file could have this name."""
    *folders, last = name.split("/")
    return (
        name.isprintable()
        and not {"\\", "\ufffd"} & set(name)  # the second stands for bytes that are not UTF-8
        and len(name.encode()) <= _MOST_BYTES
        and all(map(_is_part, (*folders, last)))
        and last.lower().endswith(ENDINGS)
        and not any(part.lower().endswith(ENDINGS) for part in folders)
    )


def _is_part(part: str) -> bool:
    is_hidden = part.startswith((".", "#"))
    return 0 < len(part.encode()) <= _MOST_OF_PART and not is_hidden and part == part.strip()


class Folder:
    """A rule folder that is open."""

    def __init__(self, handle: int) -> None:
        self._handle = handle

    def read(self, name: str) -> bytes | None:
        """Give what is in a file; None where there is none. Raises `UnusableError`."""
        try:
            with self._parent(name) as (parent, base), _opened(base, parent) as handle:
                return _content(handle)
        except FileNotFoundError:
            return None
        except OSError as error:
            raise UnusableError(_reason(error)) from None

    def write(self, name: str, content: bytes) -> None:
        """Write a file anew, whole or not at all. Raises `UnusableError` and `FullError`."""
        try:
            with self._parent(name, make=True) as (parent, base):
                _forget_unfinished(parent)
                _replace(parent, base, content)
        except OSError as error:
            if error.errno in {errno.ENOSPC, errno.EDQUOT}:
                raise FullError(_reason(error)) from None
            raise UnusableError(_reason(error)) from None

    def remove(self, name: str) -> None:
        """Remove a file. Raises `UnusableError`."""
        try:
            with self._parent(name) as (parent, base):
                os.unlink(base, dir_fd=parent)
                os.fsync(parent)
        except OSError as error:
            raise UnusableError(_reason(error)) from None

    @contextmanager
    def _parent(self, name: str, *, make: bool = False) -> Iterator[tuple[int, str]]:
        """Open the folder that a file lies in; give it, and the last part of the name."""
        *folders, base = name.split("/")
        handle = os.dup(self._handle)
        try:
            for part in folders:
                if make:
                    with suppress(FileExistsError):
                        os.mkdir(part, dir_fd=handle)
                below = os.open(part, _FOLDER | os.O_NOFOLLOW, dir_fd=handle)
                os.close(handle)
                handle = below
            yield handle, base
        finally:
            os.close(handle)


@contextmanager
def opened(path: Path) -> Iterator[Folder]:
    """Open a rule folder for reading. Raises `UnusableError`."""
    link = path / _CONFIG_MAP_LINK
    with _opened_folder(os.path.realpath(link if os.path.isdir(link) else path)) as handle:  # noqa: PTH112
        yield Folder(handle)


@contextmanager
def locked(path: Path) -> Iterator[Folder]:
    """Open a rule folder for an edit, alone. Raises `UnusableError` and `BusyError`."""
    if os.path.lexists(path / _CONFIG_MAP_LINK):
        raise UnusableError("a mounted ConfigMap is edited where it comes from")
    with _opened_folder(os.path.realpath(path)) as handle:
        _lock(handle)
        yield Folder(handle)


@contextmanager
def _opened_folder(path: str) -> Iterator[int]:
    try:
        handle = os.open(path, _FOLDER)
    except OSError as error:
        raise UnusableError(f"the rule folder: {_reason(error)}") from None
    try:
        yield handle
    finally:
        os.close(handle)


def _lock(handle: int) -> None:
    until = time.monotonic() + _PATIENCE
    while True:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            if time.monotonic() > until:
                raise BusyError from None
            time.sleep(_TICK)
        except OSError as error:
            raise UnusableError(f"the rule folder cannot be locked: {_reason(error)}") from None
        else:
            return


@contextmanager
def _opened(base: str, parent: int) -> Iterator[int]:
    handle = os.open(base, _FILE, dir_fd=parent)
    try:
        yield handle
    finally:
        os.close(handle)


def _content(handle: int) -> bytes:
    if not stat.S_ISREG(os.fstat(handle).st_mode):
        raise UnusableError("it is no file")
    with os.fdopen(handle, "rb", closefd=False) as file:
        content = file.read(LIMITS.rule_file + 1)
    if len(content) > LIMITS.rule_file:
        raise UnusableError(f"it has more than {LIMITS.rule_file:,} bytes")
    return content


def _replace(parent: int, base: str, content: bytes) -> None:
    beside = _HIDDEN + secrets.token_hex(8)
    handle = os.open(beside, _NEW, 0o666, dir_fd=parent)
    try:
        with os.fdopen(handle, "wb") as file:
            with suppress(FileNotFoundError):
                mode = os.stat(base, dir_fd=parent, follow_symlinks=False).st_mode
                os.fchmod(handle, stat.S_IMODE(mode))
            file.write(content)
            file.flush()
            os.fsync(handle)
        os.rename(beside, base, src_dir_fd=parent, dst_dir_fd=parent)
    except BaseException:
        with suppress(OSError):
            os.unlink(beside, dir_fd=parent)
        raise
    os.fsync(parent)


def _forget_unfinished(parent: int) -> None:
    """Remove what edits left behind that were cut off: under the lock nobody writes one."""
    for name in os.listdir(parent):
        if name.startswith(_HIDDEN):
            with suppress(OSError):
                os.unlink(name, dir_fd=parent)


def _reason(error: OSError) -> str:
    if error.errno in {errno.ELOOP, errno.ENOTDIR}:
        return "a link, which is not followed, or no folder"
    if error.errno == errno.ENXIO:
        return "it is no file"
    return (error.strerror or str(error)).lower()
