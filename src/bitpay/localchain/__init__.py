"""A local Stacks chain: the real Clarity VM behind the interfaces of a node and of Hiro's API."""
