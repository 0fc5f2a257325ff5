"""`python -m khala` is the `khala` command."""

from khala.cli.main import main

main()
