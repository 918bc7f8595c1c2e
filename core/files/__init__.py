"""Writing so that nothing is lost, and reading with care. Imports nothing of the program but its errors."""
