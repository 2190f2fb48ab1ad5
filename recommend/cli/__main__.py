"""`python -m recommend.cli` does what `shelfgraph` does."""

from recommend.cli import main

if __name__ == "__main__":
    main()
