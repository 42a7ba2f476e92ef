"""The functions' own tests: every seam is a parameter, and the fakes refuse what AWS's own models do not know."""
