"""An MCP server: agents make songs through it. It asks a service, through `khala.client`, for all that it does."""
