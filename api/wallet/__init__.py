"""The buyer's wallet: accounts by e-mail, what was bought, and what a bank keeps to pay with."""
