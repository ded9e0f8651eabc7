"""The kit that every endpoint shares: errors, rendering, pagination, filtering, schema."""
