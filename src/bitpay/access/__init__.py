"""What the chain says about who may do what, on which terms, and what time it is."""
