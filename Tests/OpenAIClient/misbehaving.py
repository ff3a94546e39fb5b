# Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0
"""misbehaving.py PORT LOG: an endpoint that does what endpoints do on bad days, by the name of the model it is asked for.

Each request adds a line to LOG: the model, the status it got, and whether it had the key.
"""
import http.server
import json
import sys

port, log = int(sys.argv[1]), sys.argv[2]
counts = {}


class Endpoint(http.server.BaseHTTPRequestHandler):
    def do_POST(self):
        body = json.loads(self.rfile.read(int(self.headers["content-length"])))
        model = body["model"]
        counts[model] = counts.get(model, 0) + 1
        status, headers = 200, {}
        if model == "busy" and counts[model] <= 2:
            status, headers = 429, {"Retry-After": "0.2"}
        elif model == "broken":
            status = 500
        elif model == "strict":
            status = 400
        elif model == "elsewhere":
            status, headers = 302, {"Location": "http://192.0.2.1/"}
        choice = {"index": 0, "text": " hot", "finish_reason": "stop", "logprobs": None}
        if model == "telling" and body.get("logprobs") is not None:
            choice["logprobs"] = {
                "tokens": ["A", " b", " c"], "token_logprobs": [None, -1.5, -0.25], "text_offset": [0, 1, 3],
                "top_logprobs": [None, {" b": -1.5}, {" d": -0.125}]}
            # What was written behind the prompt has a log-probability too.
            for name, value in [("tokens", " e"), ("token_logprobs", -9.0), ("text_offset", 5), ("top_logprobs", {})]:
                if body["max_tokens"] > 0:
                    choice["logprobs"][name].append(value)
        answer = {"choices": [choice], "usage": {"prompt_tokens": 7, "completion_tokens": 2}}
        text = b"no JSON" if model == "garbled" else json.dumps(answer).encode()
        with open(log, "a") as file:
            print(model, status, self.headers.get("authorization"), file=file)
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(text)))
        self.end_headers()
        self.wfile.write(text)

    def log_message(self, *arguments):
        pass


http.server.ThreadingHTTPServer(("127.0.0.1", port), Endpoint).serve_forever()
