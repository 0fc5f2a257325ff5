"""JSON that the API accepts and returns, as its clients see it."""
