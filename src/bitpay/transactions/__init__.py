"""Signed transactions: relayed to the network and followed until they are in a block or have failed."""
