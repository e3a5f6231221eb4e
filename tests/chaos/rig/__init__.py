"""A rig for faults: real server processes on one database, clients that keep a ledger, a nemesis, and checkers."""
