"""The ledger: blocks, events, documents as folds of events, reorganisations, and the follower."""
