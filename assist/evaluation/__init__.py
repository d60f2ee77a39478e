"""Offline evaluation with the product's own code, in a scratch store that leaves the company's data alone."""
