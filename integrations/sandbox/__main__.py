"""`python -m integrations.sandbox --port N`: the sandbox without Django, in a small process."""

import argparse
import sys

from .serve import DEFAULT_HOST, DEFAULT_PORT, serve


def main() -> int:
    """Serves until it is interrupted; 1 where the port is taken."""
    parser = argparse.ArgumentParser(prog="python -m integrations.sandbox", description=__doc__)
    parser.add_argument("--port", type=int, default=DEFAULT_PORT)
    parser.add_argument("--host", default=DEFAULT_HOST)
    parser.add_argument("--portal", default="", help="the portal on this machine that is told how messages fare")
    options = parser.parse_args()
    try:
        say = lambda line: print(line, flush=True)  # noqa: E731, T201 (a command's output)
        serve(options.port, options.host, say=say, portal=options.portal)
    except OSError as error:
        print(f"The sandbox cannot listen on {options.host}:{options.port}: {error.strerror}", file=sys.stderr)  # noqa: T201
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
