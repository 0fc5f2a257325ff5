"""The `khala` command: thin verbs that compose the floors below, one module each (`khala.cli.main` mounts them)."""
