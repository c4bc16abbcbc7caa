"""BitPay: continuous Bitcoin payments on Stacks."""
