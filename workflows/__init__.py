"""The story of a purchase as a durable workflow."""
