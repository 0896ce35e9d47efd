"""Files that are there whole or not at all, whatever ends the program or fills the disk."""

import contextlib
import errno
import os
import secrets
from collections.abc import Mapping
from pathlib import Path


def write_whole(files: Mapping[Path, bytes]) -> None:
    """Write files, none before the content of all is on the disk. ``OSError`` leaves them as they were."""
    if folders := [path for path in files if path.is_dir()]:
        raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR), str(folders[0]))
    with contextlib.ExitStack() as leftovers:
        temporaries = [_write_beside(path, content, leftovers) for path, content in files.items()]
        for temporary, path in zip(temporaries, files):
            os.replace(temporary, path)


def _write_beside(path: Path, content: bytes, leftovers: contextlib.ExitStack) -> Path:
    """The content in a new file of the same folder, removed at the end if it is still there."""
    # no number of a process: in a container the next one may have that of one that was killed
    temporary = path.with_name(f".{path.name}.{secrets.token_hex(8)}.new")
    with temporary.open("xb") as file:
        leftovers.callback(temporary.unlink, missing_ok=True)
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    return temporary
