"""The treasury: what the admins decide together, and the account that collects fees."""
