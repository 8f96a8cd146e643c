"""Banks' statements, held against what we told banks and against the books, line by line."""
