"""The managers' questions on pages: asked in their own words, answered in a sentence."""
