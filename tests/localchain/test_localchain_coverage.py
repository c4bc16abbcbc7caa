"""Which expressions of a contract were evaluated."""

from collections.abc import Iterator

import pytest
from tests.localchain.accounts import ACCOUNTS

from bitpay.localchain.vm import Vm, VmRefused
from bitpay.stacks.clarity import uint

