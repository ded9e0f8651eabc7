"""What an export may look like: typed records, one pure parser a format, and all their problems.

Nothing here knows a database or a network. Bytes go in; batches of typed records and problems
come out, with the place of each in the bytes.
"""
