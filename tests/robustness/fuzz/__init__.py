"""Coverage-guided fuzz targets, one module a kind of input."""
