"""The program ``starmodel``, for those who install this distribution alone, as ``pipx`` and ``uvx`` do."""

from __future__ import annotations

import sys

__all__ = ["main"]


def main() -> None:
    """Run the command line; say how to get it where it is not installed."""
    try:
        from starmodel.cli import main as run  # noqa: PLC0415  (an optional package)
    except ModuleNotFoundError as missing:
        if missing.name != "starmodel.cli":
            raise
        sys.exit('✘ The command line is not installed; bring it in: pip install "starmodel[all]"')
    run()
