"""A house of many paper deployments, its workers, its gates, and what is measured in it."""
