"""The import workshop: exports are staged, shown as a diff, then applied."""
