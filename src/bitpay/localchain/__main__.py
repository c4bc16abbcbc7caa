"""`python -m bitpay.localchain`."""

from bitpay.localchain.server import main

main()
