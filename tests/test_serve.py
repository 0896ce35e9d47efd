"""The local web server for the built book, and where the records say they come from."""

import contextlib
import http.client
import importlib.metadata
import re
import subprocess
import sys

from persuasion.__main__ import main
from persuasion.experiments import provenance


@contextlib.contextmanager
def served(store):
    command = [sys.executable, "-m", "persuasion", "serve", "--port", "0"]
    run = subprocess.Popen(
        command,
        env={"PERSUASION_STORE": str(store), "PYTHONPATH": ":".join(filter(None, sys.path))},
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )
    try:
        yield int(re.match(r"http://127\.0\.0\.1:(\d+)/", run.stdout.readline())[1])
    finally:
        run.terminate()
        run.wait(timeout=60)
        run.stdout.close()


def test_the_book_is_served_to_this_machine(tmp_path):
    html = tmp_path / "book" / "_build" / "html"
    html.mkdir(parents=True)
    (html / "index.html").write_text("the book")
    with served(tmp_path / "store.sqlite") as port:
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
        connection.request("GET", "/")
        assert connection.getresponse().read() == b"the book"
        connection.close()


def test_without_a_book_there_is_nothing_to_serve(tmp_path, monkeypatch, capsys):
    monkeypatch.setenv("PERSUASION_STORE", str(tmp_path / "store.sqlite"))
    assert main(["serve"]) == 2
    assert "there is no book; build it with make book" in capsys.readouterr().err
    (tmp_path / "book/_build/html").mkdir(parents=True)
    (tmp_path / "book/_build/html/index.html").touch()
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
