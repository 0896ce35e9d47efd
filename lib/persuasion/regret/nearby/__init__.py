"""Best responses within a radius: the box solver of the certificates."""
