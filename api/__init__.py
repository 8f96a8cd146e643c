"""The doors: merchants' programs, buyers' pages, banks' callbacks."""
