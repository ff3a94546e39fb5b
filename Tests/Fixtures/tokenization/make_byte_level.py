# Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0
"""Goldens of the Hugging Face tokenizers library for this module's tests. Made with tokenizers 0.23.3:

    python make_byte_level.py

llama3-like/: LLaMA-3's splitting pattern, whole words looked up first, and, as in its file, every way to make a piece
listed as a merge; its special tokens and a template that puts BOS in front. gpt2-like/: ByteLevel by itself, merges
as strings, an added token that is not special, and one that is looked for last.
"""
import itertools, json, os, random
from tokenizers import AddedToken, Regex, Tokenizer, decoders, models, pre_tokenizers, processors, trainers

here = os.path.dirname(os.path.abspath(__file__))
lines = open(os.path.join(here, "corpus.txt"), encoding="utf8").read().split("\n")[:-1]
LLAMA3 = (r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+")
SPECIALS = ["<|begin_of_text|>", "<|end_of_text|>", "<|start_header_id|>", "<|end_header_id|>", "<|eot_id|>"]


def probes():
    rng = random.Random(3)
    yield from lines
    yield from ["", " ", "  ", "\n", " \n", "\n ", " \n\n  x", "\r\n\r\n a", "a  \n  b", "\t\tx\t y", "x\u00a0y\u2003 z", "3000000 mg", " 12 345",
                "it's IT'S we'Re they'LL I'm 'd 'D 'x ''s", "it'\u017f it'\u017e 'l 'lL 'r", "e\u0301 \u00e9 \u03af\u1f77", "\u060c\u0663\u0664\u0665\u0666 \u0967\u0968\u0969\u096a \u216b \u00b2",
                "👩‍⚕️🫀 患者患者 心脏", " qwxz qwxz", "\ufeffx\u200by", "!!!\n\n?", " !\r\n\r\nx", "\u0085a\u2028b", "a\x00b\x1fc", "patient" * 30, "<|eot_id|>", "x<|eot_id|><|eot_id|> y<|eot_id",
                " <|begin_of_text|> z", "[new token]", "x [new token]y[new", "<|last|><|eot_id|><|la", "\U0001d400\U0001d7d8x\U000e0001", "'\u212a", "'S's"]
    alphabet = "ab Z'stmdrevl109 \n\r\t.,!-é\u00a0\u0301\u0663\u3000患ſKǅ\u2028\u0085\U0001f600" + "  '"
    for length in itertools.chain(range(1, 9), [13, 21, 34] * 12):
        for _ in range(4):
            yield "".join(rng.choice(alphabet) for _ in range(length))


def goldens(folder, tokenizer):
    tokenizer = Tokenizer.from_file(os.path.join(folder, "tokenizer.json"))
    with open(os.path.join(folder, "strings.jsonl"), "w", encoding="utf8") as out:
        for text in probes():
            encoded = tokenizer.encode(text, add_special_tokens=False)
            row = {"text": text, "ids": encoded.ids, "pieces": encoded.tokens,
                   "decoded": tokenizer.decode(encoded.ids, skip_special_tokens=False),
                   # How many bytes each word has before merging; a character of the byte alphabet is a byte.
                   "words": [len(word) for word, _ in tokenizer.pre_tokenizer.pre_tokenize_str(text)]}
            out.write(json.dumps(row) + "\n")
    rng = random.Random(5)
    with open(os.path.join(folder, "decode.jsonl"), "w", encoding="utf8") as out:
        for _ in range(80):
            ids = [rng.randrange(0, tokenizer.get_vocab_size()) if rng.random() < 0.5 else rng.randrange(100, 256) for _ in range(rng.randint(1, 10))]
            out.write(json.dumps({"ids": ids, "text": tokenizer.decode(ids, skip_special_tokens=False)}) + "\n")


def train(size):
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.train_from_iterator(lines, trainers.BpeTrainer(
        vocab_size=size, show_progress=False, initial_alphabet=pre_tokenizers.ByteLevel.alphabet()))
    return json.loads(tokenizer.to_str())["model"]


def save(name, model, build):
    folder = os.path.join(here, name)
    os.makedirs(folder, exist_ok=True)
    tokenizer = Tokenizer(models.BPE(vocab=model["vocab"], merges=[tuple(m) for m in model["merges"]], ignore_merges=name.startswith("llama3")))
    tokenizer.decoder = decoders.ByteLevel()
    build(tokenizer)
    content = json.loads(tokenizer.to_str())
    if name.startswith("gpt2"):
        content["model"]["merges"] = [" ".join(m) for m in content["model"]["merges"]]
    with open(os.path.join(folder, "tokenizer.json"), "w", encoding="utf8") as out:
        json.dump(content, out, ensure_ascii=name.startswith("gpt2"), separators=(",", ":"))
    goldens(folder, tokenizer)


def llama3(tokenizer):
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence([
        pre_tokenizers.Split(Regex(LLAMA3), behavior="isolated"), pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False)])
    tokenizer.add_special_tokens(SPECIALS)
    tokenizer.post_processor = processors.Sequence([
        processors.ByteLevel(trim_offsets=False),
        processors.TemplateProcessing(
            single="<|begin_of_text|> $A", pair="<|begin_of_text|> $A <|begin_of_text|>:1 $B:1",
            special_tokens=[("<|begin_of_text|>", tokenizer.token_to_id("<|begin_of_text|>"))])])


def gpt2(tokenizer):
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.add_special_tokens(["<|endoftext|>", "<|eot_id|>"])
    tokenizer.add_tokens(["[new token]", AddedToken("<|last|>", normalized=True), AddedToken("<|last|><|", normalized=False)])


model = train(420)
save("gpt2-like", model, gpt2)
# As tiktoken's files are converted: a merge for every way to cut a piece into two, in the order of what they make.
vocabulary = model["vocab"]
model["merges"] = [
    (piece[:cut], piece[cut:]) for piece, _ in sorted(vocabulary.items(), key=lambda item: item[1]) if len(piece) > 1
    for cut in range(1, len(piece)) if piece[:cut] in vocabulary and piece[cut:] in vocabulary]
# A word that no merge makes: found only because whole words are looked up first.
vocabulary["\u0120qwxz"] = len(vocabulary)
save("llama3-like", model, llama3)
