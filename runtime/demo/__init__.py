"""`./dev demo`: the whole service on this machine, and a purchase through its public doors."""
