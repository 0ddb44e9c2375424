"""The network and its vocabulary. Of 250,000 pieces of words in a hundred languages, those that our customers' messages are made of stay.

A piece that goes is spelt with smaller ones that stay, down to letters, so nothing becomes unreadable; it only takes longer.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Any

import torch
from tokenizers import Tokenizer, normalizers, pre_tokenizers, processors
from tokenizers.models import Unigram
from torch import Tensor, nn
from transformers import BertConfig, BertModel

from carebot.training.full.wheel import Pretrained

PAD, UNKNOWN = 1, 3
SPECIAL = ("<s>", "<pad>", "</s>", "<unk>")
PLACES = 128  # tokens of the longest text
_LETTERS_BELOW = 0x250  # Latin letters stay whether they were seen or not


def tokenizer(pieces: Sequence[str], scores: Sequence[float]) -> Tokenizer:
    made = Tokenizer(Unigram(list(zip(pieces, scores, strict=True)), unk_id=UNKNOWN))
    made.normalizer = normalizers.NFKC()
    made.pre_tokenizer = pre_tokenizers.Metaspace(replacement="▁", prepend_scheme="always")
    made.add_special_tokens(list(SPECIAL))
    made.post_processor = processors.TemplateProcessing(single="<s> $A </s>", special_tokens=[("<s>", 0), ("</s>", 2)])
    return made


def kept(source: Pretrained, texts: Sequence[str], size: int) -> list[int]:
    """The pieces that stay, by number: letters, and then those that `texts` use most."""
    pieces = source.pieces[:-1]  # the last one is for guessing hidden words
    used: Counter[int] = Counter()
    known = tokenizer(pieces, source.scores[:-1])
    for start in range(0, len(texts), 2000):
        for encoded in known.encode_batch(list(texts[start : start + 2000])):
            used.update(encoded.ids)
    stay = set(range(len(SPECIAL)))
    for number, piece in enumerate(pieces):
        letter = piece.removeprefix("▁")
        if (len(letter) == 1 and used[number] > 1) or (len(piece) == 1 and ord(piece) < _LETTERS_BELOW):
            stay.add(number)
    for number, _ in used.most_common():
        if len(stay) >= size:
            break
        stay.add(number)
    return sorted(stay)


def encoder(source: Pretrained, keep: Sequence[int]) -> BertModel:
    """The pretrained network with the rows of these pieces only."""
    shape = source.shape
    config = BertConfig(
        vocab_size=len(keep),
        hidden_size=shape.width,
        num_hidden_layers=shape.layers,
        num_attention_heads=shape.heads,
        intermediate_size=shape.inner,
        max_position_embeddings=PLACES,
        type_vocab_size=1,
        pad_token_id=PAD,
    )
    net = BertModel(config, add_pooling_layer=False)
    missing = net.load_state_dict({name: torch.from_numpy(value) for name, value in _weights(source, keep)}, strict=False)
    assert not missing.unexpected_keys
    return net


def _weights(source: Pretrained, keep: Sequence[int]) -> Any:
    width, inner, shape = source.shape.width, source.shape.inner, source.shape
    yield "embeddings.word_embeddings.weight", source.matrix("emb.word", shape.words, width)[list(keep)]
    places = source.vector("emb.pos", shape.places * width).reshape(-1, width)
    yield "embeddings.position_embeddings.weight", places[:PLACES]
    yield "embeddings.token_type_embeddings.weight", source.vector("emb.type", width)[None]
    yield "embeddings.LayerNorm.weight", source.vector("emb.ln.w", width)
    yield "embeddings.LayerNorm.bias", source.vector("emb.ln.b", width)
    layers = {
        "q": ("attention.self.query", width, width),
        "k": ("attention.self.key", width, width),
        "v": ("attention.self.value", width, width),
        "ao": ("attention.output.dense", width, width),
        "fi": ("intermediate.dense", inner, width),
        "fo": ("output.dense", width, inner),
    }
    for layer in range(shape.layers):
        for short, (name, rows, columns) in layers.items():
            yield f"encoder.layer.{layer}.{name}.weight", source.matrix(f"l{layer}.{short}.w", rows, columns)
            yield f"encoder.layer.{layer}.{name}.bias", source.vector(f"l{layer}.{short}.b", rows)
        for short, name in (("aln", "attention.output.LayerNorm"), ("oln", "output.LayerNorm")):
            yield f"encoder.layer.{layer}.{name}.weight", source.vector(f"l{layer}.{short}.w", width)
            yield f"encoder.layer.{layer}.{name}.bias", source.vector(f"l{layer}.{short}.b", width)


class Network(nn.Module):  # type: ignore[misc]
    """Token numbers in, logits out: the mean over a text's tokens, and one linear layer for every question."""

    def __init__(self, encoder: BertModel, outputs: int) -> None:
        super().__init__()
        self.encoder = encoder
        self.head = nn.Linear(encoder.config.hidden_size, outputs)
        nn.init.normal_(self.head.weight, std=0.02)
        nn.init.zeros_(self.head.bias)

    def pooled(self, ids: Tensor, mask: Tensor) -> Tensor:
        hidden = self.encoder(input_ids=ids, attention_mask=mask).last_hidden_state
        share = mask[..., None].to(hidden.dtype)
        mean: Tensor = (hidden * share).sum(1) / share.sum(1)
        return mean

    def forward(self, ids: Tensor, mask: Tensor) -> Tensor:
        logits: Tensor = self.head(nn.functional.dropout(self.pooled(ids, mask), 0.1, self.training))
        return logits


def padded(encoded: Sequence[Sequence[int]]) -> tuple[Tensor, Tensor]:
    ids = torch.full((len(encoded), max(map(len, encoded))), PAD)
    for row, numbers in enumerate(encoded):
        ids[row, : len(numbers)] = torch.tensor(numbers)
    return ids, (ids != PAD).long()


@torch.inference_mode()  # type: ignore[untyped-decorator]
def pooled(net: Network, encoded: Sequence[Sequence[int]]) -> Tensor:
    """What the network makes of each text, before its head answers. Shorter ones are read together, so that little is padded."""
    net.eval()
    told = torch.zeros(len(encoded), net.encoder.config.hidden_size)
    by_length = sorted(range(len(encoded)), key=lambda row: len(encoded[row]))
    with torch.autocast("cpu", dtype=torch.bfloat16):
        for start in range(0, len(by_length), 64):
            few = by_length[start : start + 64]
            told[few] = net.pooled(*padded([encoded[row] for row in few])).float()
    return told
