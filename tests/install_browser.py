"""Install a Chromium if no browser is there: Debian's package as root, else Playwright's own build."""

import os
import shutil
import subprocess
import sys

from study.run.pdf import NoBrowserError, find_browser


def commands() -> list[list[str]]:
    """What to run, in order."""
    if shutil.which("apt-get") and os.geteuid() == 0:
        return [
            ["apt-get", "update", "-qq"],
            ["apt-get", "install", "-y", "-qq", "--no-install-recommends", "chromium"],
        ]
    return [[sys.executable, "-m", "playwright", "install", "chromium"]]


def main() -> int:
    """0 if there is a browser now; 1, with the reason, if there is none."""
    try:
        print(f"browser: {find_browser()}")
        return 0
    except NoBrowserError:
        pass
    for command in commands():
        if subprocess.run(command, check=False).returncode:
            print(f"browser: not installed, {' '.join(command)} failed; its tests will be skipped")
            return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
