"""What the sides of a dispute say and show: statements and files, chained so that none is lost."""
