"""The Stacks chain in Python: addresses, Clarity values, transactions, messages, and a client of its nodes."""
