"""Telling others what happened on the chain: Chainhooks 2.0, self-hosted Chainhook v1, a node's event observer."""
