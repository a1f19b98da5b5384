"""Search of the market: words in Kyrgyz, Russian and English, filters, misspellings forgiven."""
