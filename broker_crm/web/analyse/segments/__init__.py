"""The page that tells whether those with an outcome belong to a clear segment."""
