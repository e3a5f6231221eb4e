"""What pytest shall not look into from here."""

from __future__ import annotations

collect_ignore = ["sample_plugin", "thirdparty_store"]  # projects of somebody else, in environments of their own
