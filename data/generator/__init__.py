"""Makes the demo shop: products, pictures, a year of behaviour, expert facts and judged queries."""
