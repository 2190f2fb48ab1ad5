"""One vector per product and modality.

    base      the two protocols: ContentEncoder (texts, pictures) and GraphEncoder (positions in the graph)
    card      the short text that stands for a product in front of a text model
    text      BERT-family models: product cards and queries
    text_network, bert_weights, bert_graph, runtime
              how they run: the weights as a network for ONNX Runtime, rounded to 8 bits
    any_transformer  text models of other architectures, run by the transformers library
    image     pictures: the packaged network, or any CLIP-like model (which reads queries too)
    pictures  opening pictures from strangers: broken, missing, huge or animated ones are reported
    cache     vectors kept by model and content, so that a second build encodes only what changed
    weights   the packaged offline weights, found and verified
    pretrained  any other transformer, from a folder or by Hugging Face id
    kge       PyKEEN embeddings of the graph
    gnn       a relation-aware, inductive graph network

A content encoder is any object with `key`, `dim` and `encode`; adding one takes one file and nothing
else. The models load on first use, and each heavy library is imported only by the module that wraps it:
importing `encoders` costs nothing.

    from encoders.cache import EncodingCache, cached_encode
    from encoders.card import product_card
    from encoders.text import TextEncoder

    cards = [product_card(p) for p in products]
    matrix = cached_encode(TextEncoder(), cards, cache=EncodingCache(path))
"""
