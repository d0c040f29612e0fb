"""The last good rules on disk, so that a service that starts again has them.

Kept are the rule files, not what they compile to: they are read and compiled as
any others, so whoever can write here gains nothing beyond other rules.
"""

import os
import tempfile
import zipfile
import zlib
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from ruletag.limits import LIMITS

_NAME: Final = "last-good-rules.zip"


def keep(folder: Path, contents: Mapping[str, bytes]) -> None:
    """Keep rule files, by name; whole or not at all. Raises `OSError`."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(prefix=".", suffix=".tmp", dir=folder)
    try:
        with os.fdopen(handle, "wb") as file:
            with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive:
                for path, content in contents.items():
                    archive.writestr(path, content)
            file.flush()
            os.fsync(file.fileno())
        Path(name).replace(folder / _NAME)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise


def kept(folder: Path) -> Mapping[str, bytes]:
    """Give the rule files that were kept; none where there are none, or not whole ones."""
    try:
        with zipfile.ZipFile(folder / _NAME) as archive:
            return {name: _content(archive, name) for name in archive.namelist()}
    except (OSError, zipfile.BadZipFile, zlib.error, ValueError, RuntimeError):
        return {}


def _content(archive: zipfile.ZipFile, name: str) -> bytes:
    with archive.open(name) as file:
        return file.read(LIMITS.list_file)
