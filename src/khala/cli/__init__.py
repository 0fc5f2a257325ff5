"""The `khala` command: thin verbs over the rooms below, one module each, mounted by `khala.cli.main`."""
