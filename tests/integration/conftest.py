"""What pytest shall not look into from here."""

from __future__ import annotations

collect_ignore = ["thirdparty_store"]  # somebody else's project: its tests run in an environment of their own
