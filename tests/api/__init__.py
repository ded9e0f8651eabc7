"""The shared kit of the API and its endpoints."""
