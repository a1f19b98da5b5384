"""Index methods: what is measured, how it is normalised, weighted and aggregated. Versioned and, once published, fixed."""
