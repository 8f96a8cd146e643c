"""Somebody else's bank, for trying Danbao out: imports nothing of Danbao, nor the reverse.

Its API, payment page, test customers and faults: docs/reference/sandbox-bank.md.
"""
