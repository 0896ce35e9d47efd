"""Faults: killed drivers and workers, a full disk, damaged files, two runs at once.

Every function returns what it did and found as numbers; ``wrong`` and ``lost`` must be 0.
"""

import contextlib
import resource
import shutil
import subprocess
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
import psutil

from stress import small
from study import EXPERIMENTS, Store, StoreError
from study.records.results import Results
from study.records.store import Record

PATIENCE = 600
MIB = 1 << 20


def kill_drivers(
    folder: Path, records: Sequence[Record], kills: int, seed: int, workers: int = 1
) -> dict:
    """Kill the driver (SIGKILL) at random moments of its life, start it again, and so on."""
    random = np.random.default_rng(seed)
    began = time.monotonic()
    _finish(folder / "timed.sqlite", records, workers)
    lifetime = time.monotonic() - began
    counts = {"faults": 0, "survived": 0, "lost": 0, "wrong": 0, "runs": 0}
    while counts["faults"] < kills:
        path = folder / f"killed-{counts['runs']}.sqlite"
        before: dict[str, Record] = {}
        while counts["faults"] < kills and not _ends_within(
            small.start(path, workers), random.uniform(0, lifetime)
        ):
            after = small.stored(path)
            counts["faults"] += 1
            counts["lost"] += len(before.keys() - after.keys())
            counts["wrong"] += _wrong(after, records)
            before = after
        _finish(path, records, workers)
        counts["runs"] += 1
        counts["survived"] = counts["faults"]
    return counts


def kill_workers(folder: Path, records: Sequence[Record], kills: int, seed: int) -> dict:
    """Kill a random one of two workers at random moments; at most two in a run, whose jobs are retried."""
    random = np.random.default_rng(seed)
    counts = {"faults": 0, "survived": 0, "lost": 0, "wrong": 0, "runs": 0}
    while counts["faults"] < kills:
        path = folder / f"workers-{counts['runs']}.sqlite"
        driver = small.start(path, workers=2)
        killed = sum(_kill_a_worker(driver, random) for _ in range(2))
        error = driver.communicate(timeout=PATIENCE)[1]
        assert driver.returncode == 0, error
        counts["wrong"] += _wrong(small.stored(path), records)
        counts["lost"] += _missing(path, records)
        counts["faults"] += killed
        counts["survived"] += killed
        counts["runs"] += 1
    return counts


def fill_the_disk(
    folder: Path,
    records: Sequence[Record],
    times: int,
    seed: int,
    experiments: Sequence[str] = EXPERIMENTS,
) -> dict:
    """Run on a disk with too little room, then with enough: a small tmpfs where it may be mounted, else a quota."""
    random = np.random.default_rng(seed)
    whole = folder / "whole.sqlite"
    _put(whole, records)
    counts = {"faults": 0, "survived": 0, "lost": 0, "wrong": 0}
    for number in range(times):
        room = int(random.uniform(0.1, 0.6) * whole.stat().st_size)
        with _small_disk(folder / f"disk-{number}", room) as (disk, options, kind):
            driver = small.start(disk / "store.sqlite", experiments=experiments, **options)
            error = driver.communicate(timeout=PATIENCE)[1]
            assert driver.returncode == 2, (driver.returncode, error)
            assert "store.sqlite: cannot be used as a result store: " in error.splitlines()[-1]
            assert "Traceback" not in error
            rescued = folder / f"rescued-{number}"
            shutil.copytree(disk, rescued)
        before = small.stored(rescued / "store.sqlite")
        counts["wrong"] += _wrong(before, records)
        _finish(rescued / "store.sqlite", records, 1, experiments)
        counts["lost"] += len(before.keys() - small.stored(rescued / "store.sqlite").keys())
        counts["faults"] += 1
        counts["survived"] += 1
        counts["kind"] = kind
    return counts


def damage_stores(folder: Path, records: Sequence[Record], times: int, seed: int) -> dict:
    """Flip a bit of a store, or cut it short, and read it: the same records, fewer, or an error with its name."""
    random = np.random.default_rng(seed)
    whole, damaged = folder / "sound.sqlite", folder / "damaged.sqlite"
    _put(whole, records)
    content = whole.read_bytes()
    counts = {"faults": 0, "named": 0, "harmless": 0, "computed again": 0, "wrong": 0}
    for _ in range(times):
        damaged.write_bytes(_damage(content, random))
        counts["faults"] += 1
        try:
            with Store(damaged) as store:
                found = [store.get(record.key) for record in records]
        except StoreError as error:
            counts["named" if str(damaged) in str(error) else "wrong"] += 1
        else:
            counts[_judge(found, records)] += 1
        for leftover in folder.glob("damaged.sqlite-*"):
            leftover.unlink()
    return counts


def damage_results(folder: Path, committed: Path, times: int, seed: int) -> dict:
    """Flip a bit of a committed file, cut it short or remove it: an error that names the file, or no effect."""
    random = np.random.default_rng(seed)
    copy = folder / committed.name
    shutil.copytree(committed, copy)
    with Results(copy) as results:
        records = list(results)
    files = sorted(path for path in copy.rglob("*") if path.is_file())
    counts = {"faults": 0, "named": 0, "harmless": 0, "computed again": 0, "wrong": 0}
    for _ in range(times):
        path = files[random.integers(len(files))]
        content = path.read_bytes()
        if random.random() < 0.1:
            path.unlink()
        else:
            path.write_bytes(_damage(content, random))
        counts["faults"] += 1
        try:
            with Results(copy) as results:
                counts[_judge(list(results), records)] += 1
        except StoreError as error:
            counts["named" if path.name in str(error) else "wrong"] += 1
        path.write_bytes(content)
    return counts


def run_twice_at_once(
    folder: Path, records: Sequence[Record], times: int, experiments: Sequence[str] = EXPERIMENTS
) -> dict:
    """Two runs that are started together on one store."""
    counts = {"faults": 0, "survived": 0, "lost": 0, "wrong": 0}
    for number in range(times):
        path = folder / f"shared-{number}.sqlite"
        runs = [small.start(path, experiments=experiments) for _ in range(2)]
        errors = [run.communicate(timeout=PATIENCE)[1] for run in runs]
        assert [run.returncode for run in runs] == [0, 0], errors
        counts["wrong"] += _wrong(small.stored(path), records)
        counts["lost"] += _missing(path, records)
        counts["faults"] += 1
        counts["survived"] += 1
    return counts


def _put(path: Path, records: Sequence[Record]) -> None:
    with Store(path) as store:
        for record in records:
            store.put(record)


def _ends_within(run: subprocess.Popen, seconds: float) -> bool:
    """Let a run live for some seconds; True if it ended of itself."""
    with contextlib.suppress(subprocess.TimeoutExpired):
        error = run.communicate(timeout=seconds)[1]
        assert run.returncode == 0, error
        return True
    run.kill()
    run.communicate(timeout=PATIENCE)
    return False


def _kill_a_worker(driver: subprocess.Popen, random: np.random.Generator) -> int:
    """Wait for two workers, then a random while, and kill one; 1 if there was one left to kill."""
    while len(workers := workers_of(driver)) < 2:
        if driver.poll() is not None:
            return 0
        time.sleep(0.05)
    time.sleep(random.uniform(0, 3))
    with contextlib.suppress(psutil.NoSuchProcess):
        workers[random.integers(2)].kill()
        return int(driver.poll() is None)
    return 0


def workers_of(driver: subprocess.Popen) -> list[psutil.Process]:
    """The worker processes of a run; none before they start and after they end."""
    with contextlib.suppress(psutil.NoSuchProcess):
        children = psutil.Process(driver.pid).children(recursive=True)
        return [child for child in children if any("spawn_main" in p for p in child.cmdline())]
    return []


@contextlib.contextmanager
def _small_disk(folder: Path, room: int) -> Iterator[tuple[Path, dict, str]]:
    """A folder with little room, what to give to the process that writes there, and how it was done."""
    folder.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", f"size={room}", "tmpfs", str(folder)]
    if shutil.which("mount") and not subprocess.run(mount, capture_output=True).returncode:
        try:
            yield folder, {}, "tmpfs"
        finally:
            subprocess.run(["umount", str(folder)], check=True)
        return

    def quota() -> None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (room, room))

    yield folder, {"preexec_fn": quota}, "quota"


def _damage(content: bytes, random: np.random.Generator) -> bytes:
    place = int(random.integers(len(content)))
    if random.random() < 0.25:
        return content[:place]
    return (
        content[:place] + bytes([content[place] ^ 1 << random.integers(8)]) + content[place + 1 :]
    )


def _judge(found: Sequence[Record | None], records: Sequence[Record]) -> str:
    pairs = list(zip(found, records))
    if len(found) != len(records) or any(f and not f.same_result(r) for f, r in pairs):
        return "wrong"
    return "harmless" if all(found) else "computed again"


def _wrong(found: dict[str, Record], records: Sequence[Record]) -> int:
    """Records that are not those of the undisturbed run."""
    known = {record.key: record for record in records}
    return sum(
        key not in known or not record.same_result(known[key]) for key, record in found.items()
    )


def _missing(path: Path, records: Sequence[Record]) -> int:
    return len({record.key for record in records} - small.stored(path).keys())


def _in_order(path: Path, records: Sequence[Record]) -> list[Record]:
    found = small.stored(path)
    return [found[record.key] for record in records if record.key in found]


def _finish(
    path: Path, records: Sequence[Record], workers: int, experiments: Sequence[str] = EXPERIMENTS
) -> None:
    """Run to the end; afterwards the store holds exactly the records of the undisturbed run."""
    run = small.start(path, workers, experiments)
    error = run.communicate(timeout=PATIENCE)[1]
    assert run.returncode == 0, error
    assert len(small.stored(path)) == len({record.key for record in records})
    assert small.same(_in_order(path, records), records)
