"""What customers use and what they see go wrong, in their own words: the built-in vocabulary, and a rules file's on top of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import msgspec

from carebot.understand.lexicon import Says, read, words
from carebot.understand.verdicts import SERVICES, SYMPTOMS

OWN = 3.0  # how strongly a word of the rules file speaks for its service: more than any built-in word


class Vocabulary(msgspec.Struct, frozen=True):
    """services, symptoms   name → its words; the names are all that a verdict may carry
    strengths               word → name → how strongly it speaks for it; a word that is not here speaks as strongly as our OWN
    """

    services: dict[str, tuple[str, ...]]
    symptoms: dict[str, tuple[str, ...]]
    strengths: dict[str, Says] = {}

    def with_rules(self, extra: Mapping[str, Sequence[str]]) -> Vocabulary:
        """Adds services, or words to a service: what the rules file says counts more than what we guessed.

        extra   service → words. A new service without words is known by its name ("points-shop" → "points shop").
        """
        services, strengths = dict(self.services), dict(self.strengths)
        for name, added in extra.items():
            own = tuple(added) or (() if name in services else (name.replace("-", " ").replace("_", " "),))
            services[name] = (*services.get(name, ()), *own)
            strengths |= {word: {**strengths.get(word, {}), name: OWN} for word in own}
        return msgspec.structs.replace(self, services=services, strengths=strengths)

    def says(self) -> dict[str, Says]:
        """Every word and what it speaks for: "service:app", "symptom:slow" …"""
        said: dict[str, Says] = {}
        for kind, names in (("service", self.services), ("symptom", self.symptoms)):
            for name, list_ in names.items():
                for word in list_:
                    said.setdefault(word, {})[f"{kind}:{name}"] = self.strengths.get(word, {}).get(name, OWN)
        return said


def _built_in() -> Vocabulary:
    services, symptoms = read(words("services")), read(words("symptoms"))
    return Vocabulary(
        services={name: tuple(word for word, says in services.items() if name in says) for name in SERVICES},
        symptoms={name: tuple(word for word, says in symptoms.items() if name in says) for name in SYMPTOMS},
        strengths={word: {**services.get(word, {}), **symptoms.get(word, {})} for word in {**services, **symptoms}},
    )


BUILT_IN = _built_in()  # 4 ms
