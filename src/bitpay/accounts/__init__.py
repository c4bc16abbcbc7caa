"""People: sign-in by wallet signature, sessions, access tokens, balances."""
