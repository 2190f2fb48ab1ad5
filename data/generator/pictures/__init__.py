"""Draws a picture of every product: its form, its colour, its material."""
