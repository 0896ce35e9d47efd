"""The local web server for the built book, and where the records say they come from."""

import contextlib
import http.client
import importlib.metadata
import re
import signal
import subprocess
import sys

from study import build_folder
from study.__main__ import main
from study.records import provenance


@contextlib.contextmanager
def served(store):
    command = [sys.executable, "-m", "study", "serve", "--port", "0"]
    run = subprocess.Popen(
        command,
        env={"PERSUASION_STORE": str(store), "PYTHONPATH": ":".join(filter(None, sys.path))},
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
        # a shell's background jobs ignore Ctrl-C, and so would their children
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.default_int_handler),
    )
    try:
        yield int(re.match(r"http://127\.0\.0\.1:(\d+)/", run.stdout.readline())[1])
    finally:
        run.send_signal(signal.SIGINT)
        assert run.wait(timeout=60) == 0
        run.stdout.close()


def built(store, monkeypatch):
    """A book of one page, where the build for a store puts it."""
    monkeypatch.setenv("PERSUASION_STORE", str(store))
    html = build_folder() / "book" / "_build" / "html"
    html.mkdir(parents=True)
    (html / "index.html").write_text("the book")


def test_the_book_is_served_to_this_machine(tmp_path, monkeypatch):
    store = tmp_path / "store.sqlite"
    built(store, monkeypatch)
    with served(store) as port:
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
        connection.request("GET", "/")
        assert connection.getresponse().read() == b"the book"
        connection.close()


def test_without_a_book_there_is_nothing_to_serve(tmp_path, monkeypatch, capsys):
    monkeypatch.setenv("PERSUASION_STORE", str(tmp_path / "store.sqlite"))
    assert main(["serve"]) == 2
    assert "there is no book; build it with make book" in capsys.readouterr().err
    built(tmp_path / "store.sqlite", monkeypatch)
    assert main(["serve", "--port", "70000"]) == 2
    assert "port 70000 cannot be used" in capsys.readouterr().err


def test_records_name_the_versions_of_the_solvers(monkeypatch):
    packages = provenance.provenance("certify")["packages"]
    assert set(packages) == {"numpy", "torch", "scipy", "highspy", "cvxpy", "pyscipopt"}
    assert packages["highspy"] == importlib.metadata.version("highspy")


def test_a_machine_without_solvers_leaves_them_out(monkeypatch):
    def installed(name, real=importlib.metadata.version):
        if name not in ("numpy", "torch"):
            raise importlib.metadata.PackageNotFoundError(name)
        return real(name)

    monkeypatch.setattr(importlib.metadata, "version", installed)
    assert provenance.versions.__wrapped__().keys() == {"numpy", "torch"}
