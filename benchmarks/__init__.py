"""How fast StarModel is beside what it stands on; every number is taken together with its control."""
