"""Discovery: the list of strategies, filtered, sorted and paged in one statement.

The database writes the JSON of a page; nothing of it passes through model objects. The declared
serializer says what the answer is, and a test holds both to each other for every fixture row.
"""
