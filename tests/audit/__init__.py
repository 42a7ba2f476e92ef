"""The wider battery: public checkers that are too slow or too heavy for every day, over everything that is generated."""
