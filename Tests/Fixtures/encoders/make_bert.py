# Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0
"""A tiny random BERT, and the ids and hidden states transformers gives some texts. Made with transformers 5.23 and
tokenizers 0.23.3:

    python make_bert.py
"""
import json, os
import torch
from safetensors.torch import save_file
from transformers import BertConfig, BertModel, BertTokenizerFast

folder = os.path.join(os.path.dirname(os.path.abspath(__file__)), "bert")
os.makedirs(folder, exist_ok=True)
letters = "abcdefghijklmnopqrstuvwxyz0123456789"
pieces = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", *letters, *("##" + c for c in letters), ",", ".", "-", "'", "(", ")",
          "heart", "the", "##ure", "fail", "is", "normal", "患", "者", "β", "##ing", "ss", "ß"]
with open(os.path.join(folder, "vocab.txt"), "w", encoding="utf8") as out:
    out.write("\n".join(pieces) + "\n")
with open(os.path.join(folder, "tokenizer_config.json"), "w") as out:
    json.dump({"do_lower_case": True, "tokenizer_class": "BertTokenizer"}, out)
tokenizer = BertTokenizerFast(vocab={p: i for i, p in enumerate(pieces)}, do_lower_case=True)
config = BertConfig(vocab_size=len(pieces), hidden_size=8, num_hidden_layers=2, num_attention_heads=2, intermediate_size=12,
                    max_position_embeddings=24, attn_implementation="eager")
torch.manual_seed(4)
model = BertModel(config, add_pooling_layer=False).eval()
for parameter in model.parameters():
    parameter.data = parameter.data + 0.4 * torch.randn_like(parameter)
model.save_pretrained(folder)
texts = ["The heart is normal.", "Heart-failure, (β) 患者", "CAFÉ naïve ÅNGSTRÖM Ǆ ﬀ İ", "", "  \t\n ", "don't\u200d x\u00a0y z\u0000w\ufffdv", "STRASSE straße ΣΑΣ",
         "the " * 30, "\u0301a\u0301", "¿?…—“q”", "emoji 🫀 9", "ー日本語", "\u1e9e\u0130\u01c5"]
rows, tensors = [], {}
with torch.no_grad():
    for number, text in enumerate(texts):
        ids = tokenizer(text, truncation=True, max_length=24)["input_ids"]
        rows.append({"text": text, "ids": ids, "cut": len(tokenizer(text)["input_ids"]) > 24})
        for layer, state in enumerate(model(torch.tensor([ids]), output_hidden_states=True).hidden_states):
            tensors[f"{number}.{layer}"] = state[0].contiguous()
with open(os.path.join(folder, "texts.jsonl"), "w", encoding="utf8") as out:
    out.writelines(json.dumps(row) + "\n" for row in rows)
save_file(tensors, os.path.join(folder, "hidden.safetensors"))
