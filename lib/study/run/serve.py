"""A web server on this machine for the built book: opened as files, its pages would lack their fonts."""

import contextlib
import functools
import http.server
from pathlib import Path

HOST = "127.0.0.1"


def serve(folder: Path, port: int = 8000) -> None:
    """Serve a folder, to this machine only, until it is interrupted; prints the address.

    ``port`` 0 takes any that is free. Raises ``ValueError`` if there is no book in the folder, or for a port that
    cannot be used.
    """
    if not (folder / "index.html").is_file():
        raise ValueError(f"{folder}: there is no book; build it with make book or make reproduce")
    handler = functools.partial(http.server.SimpleHTTPRequestHandler, directory=str(folder))
    try:
        server = http.server.ThreadingHTTPServer((HOST, port), handler)
    except (OSError, OverflowError) as error:
        raise ValueError(f"port {port} cannot be used ({error}); choose another") from None
    with server, contextlib.suppress(KeyboardInterrupt):
        print(f"http://{HOST}:{server.server_port}/  (Ctrl-C ends it)", flush=True)
        server.serve_forever()
