"""Keys of purchases: what Temporal stores of one can be read only with its key, kept here."""
