"""GMX V2: units, keys, calldata, events and fees as pure functions; reading is apart."""
