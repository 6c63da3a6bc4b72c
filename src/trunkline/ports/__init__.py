"""What the centre asks of the world: small Protocols, and the records that cross them."""
