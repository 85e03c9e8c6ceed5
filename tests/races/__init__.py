"""Two commands at the same moment, in every order: one effect, a clear answer."""
