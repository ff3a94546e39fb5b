# Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0
"""The official client of the OpenAI API against a gateway: every call as its users make it.

usage: check.py BASE_URL MODEL [--template NAME]
MODEL serves texts. Prints a line for each thing that holds; ends with an error at the first that does not.
"""
import argparse
import json
import math

import openai

parser = argparse.ArgumentParser()
parser.add_argument("base")
parser.add_argument("model")
parser.add_argument("--template")
arguments = parser.parse_args()
client = openai.OpenAI(base_url=arguments.base, api_key="unused", max_retries=0, timeout=120)
model = arguments.model
PROMPT = "The patient has fever and"
greedy = {"temperature": 0, "max_tokens": 8}
chat = {"temperature": 0, "max_completion_tokens": 8}
if arguments.template:
    chat["extra_body"] = {"chat_template": arguments.template}


def holds(name, condition, seen=None):
    if not condition:
        raise SystemExit(f"does not hold: {name}: {seen!r}")
    print("holds:", name, flush=True)


def refused(name, kind, call):
    try:
        seen = call()
    except kind as error:
        holds(name, True)
        return error
    raise SystemExit(f"was not refused: {name}: {seen!r}")


listed = [entry.id for entry in client.models.list()]
holds("models are listed", len(listed) > 0, listed)
if model in listed:
    holds("a model is found by its name", client.models.retrieve(model).id == model)

whole = client.completions.create(model=model, prompt=PROMPT, **greedy)
text = whole.choices[0].text
holds("a completion", whole.object == "text_completion" and len(whole.choices) == 1, whole)
holds("its usage", whole.usage.total_tokens == whole.usage.prompt_tokens + whole.usage.completion_tokens, whole.usage)
holds("as many tokens as were allowed", 1 <= whole.usage.completion_tokens <= 8, whole.usage)
holds("the prompt is counted", whole.usage.prompt_tokens > 0, whole.usage)
again = client.completions.create(model=model, prompt=[PROMPT, PROMPT], n=2, **greedy)
holds("prompts in a list, answers each", [c.text for c in again.choices] == [text] * 4, again)
holds("a prompt is counted once", again.usage.prompt_tokens == 2 * whole.usage.prompt_tokens, again.usage)

chunks = list(client.completions.create(
    model=model, prompt=PROMPT, stream=True, stream_options={"include_usage": True}, **greedy))
holds("a stream is the same text", "".join(c.choices[0].text for c in chunks if c.choices) == text, chunks)
holds("its last chunk has usage", chunks[-1].usage == whole.usage and not chunks[-1].choices, chunks[-1])
reasons = [c.choices[0].finish_reason for c in chunks if c.choices and c.choices[0].finish_reason]
holds("it tells why it ended, once", reasons == [whole.choices[0].finish_reason], reasons)

drawn = {"model": model, "prompt": PROMPT, "max_tokens": 12, "temperature": 1.5, "top_p": 0.95}
one, other = (client.completions.create(seed=seed, **drawn).choices[0].text for seed in (7, 8))
holds("a seed repeats an answer", client.completions.create(seed=7, **drawn).choices[0].text == one)
holds("another seed gives another", one != other, one)
if len(text) > 3:
    stop = text[2:4]
    cut = client.completions.create(model=model, prompt=PROMPT, stop=[stop], **greedy).choices[0]
    holds("a stop text ends it", cut.text == text[: text.index(stop)] and cut.finish_reason == "stop", cut)

told = client.completions.create(model=model, prompt=PROMPT, logprobs=3, **greedy).choices[0]
count = len(told.logprobs.tokens)
holds("log-probabilities", count == len(told.logprobs.token_logprobs) == len(told.logprobs.top_logprobs), told)
holds("they are none above 0", all(value <= 0 for value in told.logprobs.token_logprobs), told)
holds("the likeliest token was taken", all(
    math.isclose(max(top.values()), value, abs_tol=1e-4)
    for top, value in zip(told.logprobs.top_logprobs, told.logprobs.token_logprobs)), told)
echo = client.completions.create(model=model, prompt=[[5, 6, 7, 8]], echo=True, logprobs=1, max_tokens=0).choices[0]
holds("a prompt's own, as evaluation tools ask", len(echo.logprobs.token_logprobs) == 4, echo)
holds("none for the first token", echo.logprobs.token_logprobs[0] is None, echo)
holds("all others", all(value <= 0 for value in echo.logprobs.token_logprobs[1:]), echo)

MESSAGES = [{"role": "system", "content": "Answer briefly."}, {"role": "user", "content": "Is it fever?"}]
answer = client.chat.completions.create(model=model, messages=MESSAGES, **chat)
content = answer.choices[0].message.content
holds("a chat", answer.object == "chat.completion" and answer.choices[0].message.role == "assistant", answer)
parts = list(client.chat.completions.create(model=model, messages=MESSAGES, stream=True, **chat))
holds("its stream is the same text", "".join(p.choices[0].delta.content or "" for p in parts) == content, parts)
told = client.chat.completions.create(model=model, messages=MESSAGES, logprobs=True, top_logprobs=2, **chat)
tokens = told.choices[0].logprobs.content
holds("its log-probabilities", len(tokens) == told.usage.completion_tokens, told)
holds("with two rivals each", all(len(token.top_logprobs) == 2 for token in tokens), tokens)
chosen = client.chat.completions.create(
    model=model, messages=MESSAGES, temperature=0, max_completion_tokens=8,
    extra_body={**chat.get("extra_body", {}), "response_format": {"type": "choice", "choices": ["yes", "no"]}})
holds("one of two choices", chosen.choices[0].message.content in ("yes", "no"), chosen)
schema = {"type": "object", "properties": {"answer": {"enum": ["yes", "no", "maybe"]}}, "required": ["answer"],
          "additionalProperties": False}
formed = client.chat.completions.create(
    model=model, messages=MESSAGES, temperature=0, max_completion_tokens=64, extra_body=chat.get("extra_body"),
    response_format={"type": "json_schema", "json_schema": {"name": "answer", "schema": schema}})
value = json.loads(formed.choices[0].message.content)
holds("JSON as a schema says", value["answer"] in ("yes", "no", "maybe"), formed)

refused("an unknown model", openai.NotFoundError,
        lambda: client.completions.create(model="nobody", prompt=PROMPT))
error = refused("a parameter that is not served", openai.BadRequestError,
                lambda: client.chat.completions.create(model=model, messages=MESSAGES, frequency_penalty=1))
holds("the error names it", error.param == "frequency_penalty" and error.code == "unsupported-parameter", error)
refused("a temperature below 0", openai.BadRequestError,
        lambda: client.completions.create(model=model, prompt=PROMPT, temperature=-1))
refused("ids beyond the vocabulary", openai.BadRequestError,
        lambda: client.completions.create(model=model, prompt=[9_999_999], max_tokens=1))
refused("the same in a stream", openai.APIError,
        lambda: list(client.completions.create(model=model, prompt=[9_999_999], max_tokens=1, stream=True)))
print("all holds")
