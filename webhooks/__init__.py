"""What merchants hear: signed notices of what happened to a purchase."""
