"""Text messages: what every provider of them has in common, and the providers."""
