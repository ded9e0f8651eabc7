"""What the API is measured in: data, the stacks beside each other, the clients that ask."""
