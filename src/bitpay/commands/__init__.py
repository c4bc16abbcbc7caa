"""What the `bitpay` command does, one module per group of commands."""
