"""The applications that are measured: ours, and the least that could do the same."""
