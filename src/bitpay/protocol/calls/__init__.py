"""Unsigned calls of the contracts, each with the post-conditions a wallet should set: a module for each contract.

Every builder is named like the public function that it calls; functions that only our own contracts can call have none.
"""
