"""How money moves: the bank port, its adapters, and a sandbox bank of our own."""
