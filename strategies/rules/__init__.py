"""Trading rules: pure functions from candles to a signal, one module per rule.

A rule sees closed candles, its own typed parameters and the position that the account holds, and
answers with the exposure it wants and why. It reads no clock, no file and no network, so the same
inputs give the same signal today, in a backtest and when a cycle is replayed.
"""
