"""What an installation starts and probes its processes with."""
