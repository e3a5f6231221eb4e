"""The commands of this package; each is imported when it runs, and none from here."""

__all__: list[str] = []
