"""Programs that each need some of the wheels and find no other: `nox -s subsets` runs them in clean environments."""
