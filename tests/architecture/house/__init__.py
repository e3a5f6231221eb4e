"""What the architecture tests measure the repository with: each check returns its complaints, an empty list is a pass."""
