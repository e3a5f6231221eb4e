"""From an empty virtual environment to a live application in two browsers, with the wheels of a release."""
