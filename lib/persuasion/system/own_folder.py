"""Folders of ours: this program empties or overwrites only a folder in which it left a marker."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterable
from pathlib import Path

MARKER = ".made-by-persuasion"


def absolute(path: str | Path) -> Path:
    """The path in full, with ``~`` as the home folder; ``ValueError`` if it is empty, or there is no such home."""
    if path == "":
        raise ValueError("an empty path names nothing")
    try:
        return Path(os.path.abspath(Path(path).expanduser()))
    except (RuntimeError, TypeError) as error:
        raise ValueError(f"{path}: {error}") from None


def make_folder(path: str | Path) -> Path:
    """The folder, made if it is missing; what is made, parents included, is marked as ours.

    ``ValueError`` names the folder if it cannot be made.
    """
    folder = absolute(path).resolve()
    missing = [place for place in (folder, *folder.parents) if not place.exists()]
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for place in missing:
            (place / MARKER).touch()
    except OSError as error:
        raise ValueError(f"{folder}: cannot be made ({error.strerror})") from None
    return folder


def check_folder(path: str | Path, names: Iterable[str]) -> Path:
    """The folder in full, if files of these names can be put there later; nothing is made or left there.

    ``ValueError`` names the folder if it cannot be made or written, or if it is not ours and has such a file.
    """
    folder = absolute(path).resolve()
    try:
        above = next(place for place in (folder, *folder.parents) if place.exists())
        with tempfile.TemporaryFile(dir=above):
            taken = [name for name in names if os.path.lexists(folder / name)]
    except OSError as error:
        raise ValueError(f"{folder}: cannot be made or written ({error.strerror})") from None
    if taken and not is_ours(folder):
        raise ValueError(_not_ours(folder, f"{', '.join(taken)} in it"))
    if blocked := [name for name in taken if (folder / name).is_dir()]:
        raise ValueError(f"{folder / blocked[0]}: is a folder, where a file is to be written")
    return folder


def is_ours(folder: Path) -> bool:
    """Whether the folder carries the marker itself; that of a parent does not count."""
    return (folder / MARKER).is_file()


def own_folder(path: str | Path) -> Path:
    """A folder to overwrite files in: made if it is missing, marked if it is empty.

    ``ValueError`` names the folder if something is in it that is not ours.
    """
    folder = make_folder(path)
    try:
        if not is_ours(folder):
            if any(folder.iterdir()):
                raise ValueError(_not_ours(folder, "it"))
            (folder / MARKER).touch()
    except OSError as error:
        raise ValueError(f"{folder}: cannot be used ({error.strerror})") from None
    return folder


def _not_ours(folder: Path, what: str) -> str:
    return (
        f"{folder}: is not overwritten, because it lacks the file {MARKER} of the folders that this program made; "
        f"move {what} away, or name another place"
    )


def emptied_folder(path: str | Path) -> Path:
    """A folder of ours without what an earlier run left there; ``ValueError`` as :func:`own_folder`."""
    folder = own_folder(path)
    try:
        for entry in folder.iterdir():
            if entry.is_dir() and not entry.is_symlink():
                shutil.rmtree(entry)
            elif entry.name != MARKER:  # kept, so that a killed run leaves the rest marked
                entry.unlink()
    except OSError as error:
        raise ValueError(f"{folder}: cannot be emptied ({error.strerror})") from None
    return folder
