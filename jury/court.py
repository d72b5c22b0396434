"""The corpus through one gateway, and what the jurors say of what came out."""
from dataclasses import dataclass, field

import corpus
import verdict
import wire

# In these one request may turn into several.
SEVERAL = (corpus.FRAMING, corpus.LINES, corpus.TRAILERS)


@dataclass
class Passage:
    """One request's way through a gateway."""
    attack: corpus.Attack
    statuses: list                                  # of the gateway's answers
    forwarded: list = field(default_factory=list)   # bytes of each request that arrived

    def keys(self):
        return [(self.attack.id, number) for number in range(len(self.forwarded))]


def linger(attack):
    return 0.05 if attack.group in SEVERAL else 0.0


def pass_through(port, recorder, token, attacks):
    """What became of each, by id."""
    passages = {}
    last = None
    for attack in attacks:
        late = recorder.take()
        if last:
            last.forwarded += late
        answers = wire.ask(port, attack.bytes(token), linger=linger(attack))
        last = Passage(attack, [answer.status for answer in answers], recorder.take())
        passages[attack.id] = last
    last.forwarded += recorder.take()
    return passages


def undelivered(passages, bench):
    """The harmless requests that did not arrive, or in which somebody read another tenant than
    `acme`, or not what he reads in them without a gateway (Django, under WSGI, reads no chunks)."""
    requests = {attack.id: passages[attack.id].forwarded[0] for attack in corpus.HARMLESS
                if len(passages[attack.id].forwarded) == 1}
    heard = bench.hear(requests)
    direct = bench.hear({attack.id: attack.bytes("") for attack in corpus.HARMLESS})
    failed = {attack.id: "not forwarded" for attack in corpus.HARMLESS if attack.id not in requests}
    for name, hearings in heard.items():
        for key, hearing in hearings.items():
            is_whole = has_data(hearing) or not has_data(direct[name][key])
            if not is_whole or not verdict.is_own_only(hearing.seen):
                failed[key] = f"{name} read {hearing.seen}"
    return failed


def has_data(hearing):
    """Whether the one thing was read that every harmless request brings."""
    return any(item[1].strip("/").endswith("x") and item[2] == "1" for item in hearing.seen)


def controls(bench, token, attacks):
    """What the jurors make of the attacks without any gateway."""
    return bench.hear({attack.id: attack.bytes(token) for attack in attacks},
                      linger={attack.id for attack in attacks if linger(attack)})
