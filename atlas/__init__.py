"""The ground floor: switches, transitions, audit, approvals, fields, API kit and console kit."""
