"""What is allowed: pure rules of one purchase. Standard library only, no clock, no I/O."""
