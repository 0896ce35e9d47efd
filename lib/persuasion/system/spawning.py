"""What has to hold before other processes are started, checked so that a lack of it is said instead of suffered."""

import socket
import sys
from pathlib import Path

SECONDS = 2.0


def require_guard() -> None:
    """``ValueError`` if the running script would start everything anew in every process that it starts.

    They import the script; what it does outside of ``if __name__ == "__main__":`` they do as well.
    """
    path = getattr(sys.modules.get("__main__"), "__file__", None)
    if path is None or sys.flags.interactive:
        return
    try:
        source = Path(path).read_text(encoding="utf-8", errors="replace")
    except OSError:
        return
    if "__name__" not in source:
        raise ValueError(
            f"{path}: several processes need a script whose calls stand below "
            '`if __name__ == "__main__":`, because every process imports it; or use one worker'
        )


def require_loopback() -> None:
    """``ValueError`` if this machine cannot talk to itself, as local workers do."""
    try:
        with socket.create_server(("127.0.0.1", 0)) as server:
            socket.create_connection(server.getsockname(), timeout=SECONDS).close()
    except OSError as error:
        raise ValueError(
            f"local workers talk over 127.0.0.1, which does not work here ({error}); use one worker"
        ) from None
