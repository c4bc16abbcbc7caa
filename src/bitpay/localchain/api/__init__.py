"""The local chain over HTTP: a node's RPC interface, Hiro's API, and the powers that only a local chain gives."""
