"""`python -m tablewire`: the commands."""

from tablewire.cli import main

if __name__ == "__main__":
    main()
