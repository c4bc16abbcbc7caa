"""The marketplace: the right to be paid as a token, its listings and offers."""
