"""Development powers: demo accounts that sign, a faucet, and hands on the local chain's clock. Local network only."""
