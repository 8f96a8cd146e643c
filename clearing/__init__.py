"""Clearing: what merchants are owed, paid out once, with every line that a payout pays."""
