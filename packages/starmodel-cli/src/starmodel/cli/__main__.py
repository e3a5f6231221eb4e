"""Let ``python -m starmodel.cli`` do what ``starmodel`` does."""

from .entry import main

if __name__ == "__main__":
    main()
