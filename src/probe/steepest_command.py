"""`steepest` for people who install with pip: it starts the command line, which runs on Node."""
from __future__ import annotations

import os
import shutil
import sys
from importlib.metadata import version


def command() -> list[str] | None:
    """What starts steepest here: STEEPEST (a path), an installed one, or npx with this wheel's version."""
    named = os.environ.get("STEEPEST")
    if named:
        return [named]
    own = os.path.realpath(sys.argv[0])
    for folder in os.environ.get("PATH", "").split(os.pathsep):
        found = shutil.which("steepest", path=folder)
        if found and os.path.realpath(found) != own:
            return [found]
    npx = shutil.which("npx")
    return [npx, "--yes", f"steepest@{version('steepest')}"] if npx else None


def main() -> int:
    found = command()
    if found is None:
        print("error: steepest runs on Node.js, and there is none on the PATH", file=sys.stderr)
        print("help: install Node 20.19 or later (https://nodejs.org), or set STEEPEST to the command", file=sys.stderr)
        return 2
    arguments = [*found, *sys.argv[1:]]
    if os.name == "nt":
        import subprocess

        return subprocess.run(arguments).returncode
    try:
        os.execv(arguments[0], arguments)
    except OSError as error:
        print(f"error: {arguments[0]} can't be started: {error.strerror}", file=sys.stderr)
        print("help: set STEEPEST to the path of the steepest command, or unset it", file=sys.stderr)
        return 2


if __name__ == "__main__":
    sys.exit(main())
