"""Floor four: a URL becomes a Selection, a Selection becomes frames through ``data``, frames become figures."""
