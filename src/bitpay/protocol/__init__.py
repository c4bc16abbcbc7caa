"""BitPay's contracts as Python sees them: ids, calls, events, curves and error sentences."""
