# Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0
"""Goldens of the sentencepiece library for this module's tests. Made with sentencepiece 0.2.3:

    python make_tokenizers.py          # trains plain/ and user-defined/ on corpus.txt and writes their goldens
    python make_tokenizers.py --check  # loads trained-here/tokenizer.model, which SentencePieceTrainer wrote, and
                                       # writes what the library makes of the strings with it
"""
import json, os, random, sys
import sentencepiece as spm

here = os.path.dirname(os.path.abspath(__file__))
lines = open(os.path.join(here, "corpus.txt"), encoding="utf8").read().split("\n")[:-1]
probes = lines + [
    "", " ", "  a   b ", "\n", "a\nb\n\nc", "\t", "mg/dL", "100 mg/dL<sep>7 mg/dLx", "<sep><sep> <sep>", "<ctl>x</s>",
    "<s>", "<unk>", "<0x41>", "▁", "▁▁a ▁b", "a▁", "e\u0301 é", "ά ά", "👩‍⚕️ 🫀", "\r\n", "\x00a", "  leading",
    "trailing  ", "0123456789", "patientpatientpatient" * 8, "患者患者 心脏", "☃☃☃ x ☃ ☃", "ꙮ", "pat<sep>ient mg mg/d mg/dL",
]


def goldens(folder):
    sp = spm.SentencePieceProcessor(model_file=os.path.join(folder, "tokenizer.model"))
    with open(os.path.join(folder, "strings.jsonl"), "w", encoding="utf8") as out:
        for text in probes:
            ids = sp.encode(text)
            row = {"text": text, "ids": ids, "pieces": [sp.id_to_piece(i) for i in ids], "decoded": sp.decode(ids)}
            out.write(json.dumps(row) + "\n")
    rng = random.Random(5)
    with open(os.path.join(folder, "decode.jsonl"), "w", encoding="utf8") as out:
        for n in range(60):
            low, high = (3, min(259, sp.get_piece_size())) if n % 2 else (0, sp.get_piece_size())
            ids = [rng.randrange(low, high) for _ in range(rng.randint(1, 10))]
            out.write(json.dumps({"ids": ids, "text": sp.decode(ids)}) + "\n")


def train(name, **options):
    folder = os.path.join(here, name)
    os.makedirs(folder, exist_ok=True)
    with open(os.path.join(folder, "tokenizer.model"), "wb") as writer:
        spm.SentencePieceTrainer.train(
            sentence_iterator=iter(lines), model_writer=writer, model_type="bpe", normalization_rule_name="identity",
            num_threads=1, minloglevel=2, **options)
    goldens(folder)


if sys.argv[1:] == ["--check"]:
    goldens(os.path.join(here, "trained-here"))
else:
    train("plain", vocab_size=460, byte_fallback=True, split_digits=True, character_coverage=0.99,
          remove_extra_whitespaces=False, add_dummy_prefix=True, allow_whitespace_only_pieces=True)
    train("user-defined", vocab_size=240, byte_fallback=False, split_digits=False, character_coverage=0.98,
          remove_extra_whitespaces=True, add_dummy_prefix=True, user_defined_symbols=["<sep>", "mg/dL", "mg"],
          control_symbols=["<ctl>"])
    train("across-words", vocab_size=460, byte_fallback=True, character_coverage=0.99, split_by_whitespace=False,
          remove_extra_whitespaces=False, add_dummy_prefix=False)
