"""Folders of ours: this program empties or overwrites only what it marked as its own.

An empty marker in a folder says that all of it is ours; else the marker lists the entries that are, a line each.
"""

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
    """The folder, made if it is missing; what is made is marked as ours, and in new parents the folder below.

    ``ValueError`` names the folder if it cannot be made.
    """
    folder = absolute(path).resolve()
    missing = [place for place in (folder, *folder.parents) if not place.exists()]
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for below, place in zip([None, *missing], missing):
            _mark(place, [] if below is None else [below.name])
    except OSError as error:
        raise ValueError(f"{folder}: cannot be made ({error.strerror})") from None
    return folder


def check_folder(path: str | Path, names: Iterable[str]) -> Path:
    """The folder in full, if files of these names can be put there later; nothing is made or left there.

    ``ValueError`` names the folder if it cannot be made or written, or if it has such a file that is not ours.
    """
    folder = absolute(path).resolve()
    try:
        above = next(place for place in (folder, *folder.parents) if place.exists())
        with tempfile.TemporaryFile(dir=above):
            taken = [name for name in names if os.path.lexists(folder / name)]
    except OSError as error:
        raise ValueError(f"{folder}: cannot be made or written ({error.strerror})") from None
    if theirs := [name for name in taken if not is_ours(folder, name)]:
        raise ValueError(_not_ours(folder, f"{', '.join(theirs)} in it"))
    if blocked := [name for name in taken if (folder / name).is_dir()]:
        raise ValueError(f"{folder / blocked[0]}: is a folder, where a file is to be written")
    return folder


def is_ours(folder: Path, name: str | None = None) -> bool:
    """Whether the folder, or an entry of it, is ours by its own marker; that of a parent does not count."""
    listed = _marked(folder)
    return listed is not None and (not listed or name in listed)


def _marked(folder: Path) -> list[str] | None:
    """What the folder's marker lists; None without a marker."""
    try:
        return (folder / MARKER).read_text("utf-8", "surrogateescape").splitlines()
    except FileNotFoundError:
        return None


def _mark(folder: Path, names: Iterable[str]) -> None:
    text = "".join(f"{name}\n" for name in names)
    (folder / MARKER).write_text(text, "utf-8", "surrogateescape")


def own_files(path: str | Path, names: Iterable[str]) -> Path:
    """A folder, made if it is missing, to put files of these names into; there they are marked as ours.

    For :func:`check_folder` has been asked before.
    """
    folder = make_folder(path)
    listed = _marked(folder)
    if listed is None or listed:
        empty = listed is None and not any(folder.iterdir())
        _mark(folder, [] if empty else dict.fromkeys([*(listed or []), *names]))
    return folder


def own_folder(path: str | Path) -> Path:
    """A folder to overwrite files in: made if it is missing, marked if it is empty.

    ``ValueError`` names the folder if something is in it that is not ours.
    """
    folder = make_folder(path)
    try:
        if not is_ours(folder):
            if any(folder.iterdir()):
                raise ValueError(_not_ours(folder, "it"))
            _mark(folder, [])
    except OSError as error:
        raise ValueError(f"{folder}: cannot be used ({error.strerror})") from None
    return folder


def _not_ours(folder: Path, what: str) -> str:
    return (
        f"{folder}: is not overwritten, because no file {MARKER} in it says that this program made it; "
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
