"""One vector per product for all modalities, and the query side of the same space.

    base      the protocol, and what every fusion shares: checks, unit rows, the alignment of two spaces
    loading   a saved one of any kind
    weighted  a weighted sum in the space of the texts; nothing is trained, everything is closed form
    gated     a learned gate over the modalities that a product has, on top of its text
    gate      the formula of the gate, in plain NumPy: all that answering needs
    training  how the gate learns: sampled softmax on related products and on their titles as queries

The parts are Vectors by modality: "text", "image" (content), "kge", "gnn" (graph). A modality that a
product lacks is a mask all the way through; what stands in its row is never read.
"""
