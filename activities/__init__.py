"""The steps of a purchase, thin: each calls a port once and says what came of it."""
