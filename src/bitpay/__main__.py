"""`python -m bitpay`."""

from bitpay.cli import main

main()
