"""Deliveries in: Chainhooks 2.0, Chainhook v1 and a node's event observer, stored first and read as one model."""
