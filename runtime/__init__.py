"""Wiring: settings, connections, embedded servers, and the commands behind ./dev."""
