# Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0
"""Goldens of chat templates, made with transformers 5.23, sentencepiece 0.2.3 and tokenizers 0.23.3:

    python make_chat.py LLAMA2.jinja LLAMA3.jinja

The two files hold the text of `chat_template` in the tokenizer_config.json of Llama-2-7b-chat-hf and
Meta-Llama-3-8B-Instruct. They are their publisher's and not kept here: their digests are.
"""
import hashlib, json, os, sys
import sentencepiece as spm
from tokenizers import Tokenizer
from transformers import PreTrainedTokenizerFast

here = os.path.dirname(os.path.abspath(__file__))
templates = {"llama2-chat": open(sys.argv[1], encoding="utf8").read(), "llama3": open(sys.argv[2], encoding="utf8").read()}
fast = PreTrainedTokenizerFast(tokenizer_object=Tokenizer.from_file(os.path.join(here, "llama3-like", "tokenizer.json")))
pieces = spm.SentencePieceProcessor(model_file=os.path.join(here, "plain", "tokenizer.model"))


def ids(name, messages):
    if name == "llama3":
        fast.bos_token, fast.chat_template = "<|begin_of_text|>", templates[name]
        text = fast.apply_chat_template(messages, tokenize=False, add_generation_prompt=True)
        return fast.encode(text, add_special_tokens=False)
    # Marks that no message holds, so that only the template's own tokens become control tokens.
    fast.bos_token, fast.eos_token, fast.chat_template = "\x01", "\x02", templates[name]
    text = fast.apply_chat_template(messages, tokenize=False, add_generation_prompt=True)
    result = []
    for part in text.split("\x01")[1:]:
        body, *end = part.split("\x02")
        result += [1] + pieces.encode(body) + [2] * len(end)
    return result


def say(*turns):
    return [{"role": role, "content": content} for role, content in turns]


conversations = [
    say(("user", "What is a stroke?")),
    say(("user", "  \n spaces around\t\u00a0")),
    say(("system", "You are a careful doctor."), ("user", "Is it safe?\n\nSecond line  with   spaces")),
    say(("system", ""), ("user", "x")),
    say(("system", " s "), ("user", "")),
    say(("user", "a"), ("assistant", "b"), ("user", "c")),
    say(("system", "患者"), ("user", "é ☃"), ("assistant", " answer \n"), ("user", "and [INST] </s> <<SYS>> now?"), ("assistant", ""), ("user", "\x1f end")),
    # What LLaMA-3's template expresses and LLaMA-2's does not.
    say(("user", "a"), ("user", "b")),
    say(("assistant", "a")),
    say(("user", "a"), ("system", "b"), ("assistant", "c")),
]
with open(os.path.join(here, "chat", "conversations.jsonl"), "w", encoding="utf8") as out:
    for messages in conversations:
        row = {"messages": messages, "llama3": ids("llama3", messages), "llama2-chat": None}
        if len(messages) % 2 == 1 or messages[0]["role"] == "system":
            try:
                row["llama2-chat"] = ids("llama2-chat", messages)
            except Exception as error:
                assert "must alternate" in str(error)
        out.write(json.dumps(row) + "\n")
with open(os.path.join(here, "chat", "templates.json"), "w", encoding="utf8") as out:
    json.dump({hashlib.sha256(text.encode()).hexdigest(): name for name, text in templates.items()}, out, indent=1)
    out.write("\n")
