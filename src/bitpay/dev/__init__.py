"""`bitpay dev`: everything on this machine, real parts only, from one command."""
