"""Analytics: totals per day and per account, as the events add up."""
