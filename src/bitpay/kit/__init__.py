"""What every part of BitPay shares: errors, money, cursors, settings, child processes."""
