"""What every route shares: problem+json, identity, limits, origin checks, headers, health and metrics."""
