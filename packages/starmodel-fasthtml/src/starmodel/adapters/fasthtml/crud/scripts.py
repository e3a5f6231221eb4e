"""What the scripts of pages say: they are told it in the reader's language."""

from __future__ import annotations

__all__ = ["SCRIPT_PHRASES"]

SCRIPT_PHRASES = (
    "Cancel",
    "Changed by somebody else to {value}",
    "Close",
    "Close without saving? What you have entered is lost.",
    "Connection lost. Reconnecting…",
    "Ctrl+Z",
    "Discard",
    "Messages (F8)",
    "No",
    "OK",
    "Open",
    "The connection broke while the file was sent; choose it again.",
    "The server cannot be reached. What you have entered is still here.",
    "This browser has no room left for that, or is not allowed to keep anything. Nothing was changed.",
    "The server cannot do this now. Trying again…",
    "The server restarted with empty memory; this page starts afresh.",
    "This did not work ({status}).",
    "This did not work.",
    "This is not there any more. What you have entered is still here, to be copied.",
    "This is not there any more.",
    "This was not done, for the server cannot do it now. What you have entered is still here: send it again later.",
    "Undo",
    "Undone",
    "Whether this was done is not known. Send it again later: it counts once.",
    "Yes",
    "{what}: done",
)
"""Every phrase that stands in a ``say("…")`` of a script."""
