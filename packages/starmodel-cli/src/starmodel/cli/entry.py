"""Where the console script begins; processes that only pass through here, such as reloaded servers, load no CLI."""

from __future__ import annotations

import io
import sys

from starmodel.core.errors import StarModelError

from .terminal import fail

__all__ = ["main"]


def main() -> None:
    """Run the command line; an error that StarModel raises on purpose is one sentence and exit code 1."""
    from .application import create_cli  # noqa: PLC0415 - see above

    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="replace")  # an old terminal shows "?" for a sign it does not know
    try:
        create_cli()(prog_name="starmodel")
    except StarModelError as error:
        sys.exit(fail(str(error)))
