"""Operators: who they are, what each may do, how two of them decide, and what they did."""
