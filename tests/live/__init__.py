"""Live tests: the real templates on the local AWS, over HTTP."""
