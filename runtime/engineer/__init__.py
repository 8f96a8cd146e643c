"""Commands for merchants' engineers: they use the client and public doors, like any merchant."""
