"""What `prepare` takes from recordings, and the corpus that it leaves."""

import numpy as np
import pytest
import soundfile
from phaseaware.engine.training import __main__ as command
from phaseaware.engine.training.config import Data
from phaseaware.engine.training.corpus import Corpus, bandwidth, join
from phaseaware.engine.training.mixing import Mixtures

from tests.signals import voice_like


def test_prepared_clips(corpus):
    kinds = sorted((c.kind, c.rate, c.who) for c in corpus.clips)
    assert kinds == [
        ("noise", 48_000, "fan"),
        ("rir", 48_000, "room"),
        ("speech", 16_000, "phone"),
        ("speech", 48_000, "anna"),
        ("speech", 48_000, "anna"),
    ]
    for clip in corpus.clips:
        x = corpus.read(clip)
        assert len(x) == clip.length
        assert 0.3 < np.abs(x).max() <= 1


def test_excluded_names_do_not_enter(tmp_path):
    x = voice_like(np.random.default_rng(1), 48_000)
    soundfile.write(tmp_path / "shard.wav", np.concatenate([x, x]), 48_000)
    for name, header, rows in [
        ("index.csv", "shard,start,length,kind,who", ["shard,0,48000,speech,ann", "shard,48000,48000,speech,bob"]),
        ("dev.csv", "speaker,noise", ["bob,rain"]),
    ]:
        (tmp_path / name).write_text("\n".join([header, *rows]))
    out = tmp_path / "corpus"
    arguments = ["--shards", str(tmp_path), "--exclude-from", str(tmp_path / "dev.csv"), "--out", str(out)]
    command.main(["prepare", *arguments])
    assert [c.who for c in Corpus(out).clips] == ["ann"]


def test_bandwidth_finds_the_encoders_low_pass(rng):
    x = rng.standard_normal(48_000).astype(np.float32)
    X = np.fft.rfft(x)
    X[12_000:] = 0
    assert bandwidth(np.fft.irfft(X).astype(np.float32), 48_000) == pytest.approx(12_000, abs=500)
    assert bandwidth(x, 48_000) == pytest.approx(24_000, abs=300)


def test_missing_corpus_says_how_to_make_it(tmp_path):
    with pytest.raises(FileNotFoundError, match="prepare"):
        Corpus(tmp_path)


def test_parts_prepared_side_by_side_become_one(corpus, tmp_path):
    command.main(["join", *[str(corpus.folder)] * 3, "--out", str(tmp_path / "joined")])
    joined = Corpus(tmp_path / "joined")
    assert len(joined.clips) == 3 * len(corpus.clips)
    for clip, part in zip(joined.clips, 3 * corpus.clips, strict=True):
        assert (clip.kind, clip.rate, clip.who, clip.bandwidth) == (part.kind, part.rate, part.who, part.bandwidth)
        np.testing.assert_array_equal(joined.read(clip), corpus.read(part))


@pytest.mark.parametrize("kind", ["speech", "noise", "rir"])
def test_a_corpus_of_silence_is_not_trained_on(corpus, tmp_path, kind):
    whole = tmp_path / "joined"
    join([corpus.folder], whole)
    Mixtures(Corpus(whole), Data(), 1)
    rate = next(clip.rate for clip in corpus.clips if clip.kind == kind)
    path = whole / f"{kind}-{rate}.i16"
    path.write_bytes(bytes(path.stat().st_size))
    with pytest.raises(ValueError, match=rf"clips of {kind} looked at, \d are silence \(\w+ …\); prepare it anew"):
        Mixtures(Corpus(whole), Data(), 1)
