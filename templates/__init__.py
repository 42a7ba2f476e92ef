"""One service a module: a pure function from an environment to a template. The registry says which, and in what order."""
