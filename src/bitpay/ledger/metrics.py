"""What the ledger measures of itself, in each process that serves."""

from prometheus_client import Gauge

LEADING = Gauge("bitpay_ledger_leading", "1 while this process follows the chain for all of them")
HEIGHT = Gauge("bitpay_ledger_height", "Stacks height of the last block that this process applied")
BEHIND = Gauge("bitpay_ledger_behind_blocks", "Blocks between that height and the tip, as this process saw them")
SILENCE = Gauge("bitpay_ledger_silence_seconds", "Seconds since the chain last told this process where it stands")
FAILURES = Gauge("bitpay_ledger_failures", "Steps that failed since the last one that succeeded")
