"""The page on which two versions of a process, or two other sides of it, are compared."""
