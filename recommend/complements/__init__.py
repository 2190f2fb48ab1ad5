"""What goes with a product, apart from what may stand in for it.

kinds of products + what is bought together ─▶ which products are substitutes
expert facts and derived edges              ─▶ what fits a product that somebody owns
orders of the log                           ─▶ how much each channel is worth for "goes with"
"""

from recommend.complements.fitting import Fits
from recommend.complements.kinds import Kinds

__all__ = ["Fits", "Kinds"]
