"""From what channels say to products in order, and what each channel is worth.

Answering: `additive` sums links for a history, `blend` the signals of a search; `memory` says how a history
fades, `top` takes the best, and `balance` orders them by more than relevance, with what `shelf` knows.

Learning, in a build: `candidates` are what users may want and what each channel says of it. `learning` finds
the weights (`smooth` is what it climbs, `steady` serves shops with few users), `memory_learning` how fast
each channel forgets, `newcomers` the weights for products that nobody met. `worth` and `gains` say whether
channels pay: `worth` of several at once, `gains` of one part after another, each beside those that are kept.
"""
