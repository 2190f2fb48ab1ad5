"""The commands: each file holds one, named like the file, and its first line says what it does."""
