"""The cellar: plain Python, no framework. Numbers in, numbers out; `now` is an argument."""
