"""What the architecture tests measure with: each check returns its complaints, an empty list is a pass."""
