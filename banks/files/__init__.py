"""The files that a bank and we exchange, as pure functions over bytes and frozen dataclasses.

No database, no network, no clock: what goes in is bytes or values, what comes out is the other.
A file is read whole or not at all: whatever is wrong with it is a BankFileError with its place.
"""
