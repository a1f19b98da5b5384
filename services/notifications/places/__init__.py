"""Units of the registry a subscription can name."""
