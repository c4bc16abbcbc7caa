"""Deploying the seven contracts and finalising them, and comparing what is on a chain with what was planned."""

from bitpay.deployment.plan import Plan
from bitpay.deployment.sending import FEE_PER_BYTE, Cost, Deployment
from bitpay.deployment.verification import Finding, Verification

__all__ = ["FEE_PER_BYTE", "Cost", "Deployment", "Finding", "Plan", "Verification"]
