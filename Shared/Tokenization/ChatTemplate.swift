// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

import Files

/// How a conversation is written for a model, up to where its answer begins.
///
/// The ids equal those of the publishers' Jinja templates, except that what messages contain never becomes a control
/// token.
public enum ChatTemplate: String, Sendable, CaseIterable {
    /// LLaMA-2 chat: `<s>[INST] <<SYS>>…<</SYS>> question [/INST] answer </s>`. User and assistant take turns, a system
    /// message may come first, the user speaks last.
    case llama2Chat = "llama2-chat"
    /// LLaMA-3 Instruct: a header with the role before each message, `<|eot_id|>` after it; roles in any order.
    case llama3
    /// Me-LLaMA's wrapper of one question: `Human: \n…\n\nAssistant: \n`.
    case mellama
    /// The messages as they are, a blank line between them; roles are not written.
    case plain

    /// SHA-256 of the text that Llama-2-7b-chat-hf and Meta-Llama-3-8B-Instruct hold as `chat_template`, and of spellings
    /// of it that mean the same: newlines inside strings as such or as `\n`, and with or without a generation prompt.
    private static let digests: [String: ChatTemplate] = [
        "sha256:1623de5159d584da0b6c78f86ae57b2328746122f2c58446ab7f84bce8c7c57f": .llama2Chat,
        "sha256:17b9854f459dd1e767c9a01a117f61fc1ddf30ca7e5fdd450e4ea20933f7933c": .llama2Chat,
        "sha256:9780fae5bfea3cfd7be37d328c6edfd296a8869be8131495bbe7eb37e780c88c": .llama2Chat,
        "sha256:e8d5b5a546d3f19df16a5320c614fab05bdc4edd50e850f1afd947b503ea41cf": .llama2Chat,
        "sha256:4f46ecd43418f216df8c26936c60e5d04bcc81db47db5d86fbe889f64212dd4c": .llama3,
        "sha256:b48c47f6443892716176eb200bf4ef108f64e06ca26ed0fa8ebc0a4b3992fcb2": .llama3,
        "sha256:b75e17085cfc511ead6d4fab84b86ab3c168ec7a332568a91d0889cdcba94394": .llama3,
        "sha256:ba03a121d097859c7b5b9cd03af99aafe95275210d2876f642ad9929a150f122": .llama3,
    ]

    /// The template that the tokenizer_config.json in a folder holds; nil without a `chat_template`.
    ///
    /// Throws `unsupported` for a template that is not one of these: it must be named then.
    public static func find(inFolder path: String) throws -> ChatTemplate? {
        let file = path + "/tokenizer_config.json"
        guard let text = try TokenizerFile.settings(besides: file)?.chatTemplate else { return nil }
        guard let template = known(digest: SHA256.digest(of: Array(text.utf8))) else {
            throw TokenizationError(
                .unsupported, file,
                "has a chat_template this program does not know; name one of \(names), if it is written like that")
        }
        return template
    }

    /// The template whose published text has this digest.
    static func known(digest: String) -> ChatTemplate? { digests[digest] }

    /// The template of this name.
    public static func named(_ name: String) throws -> ChatTemplate {
        guard let template = ChatTemplate(rawValue: name) else {
            throw TokenizationError(.unsupported, "the chat template", "is not known; name one of \(names)")
        }
        return template
    }

    /// The names of all templates, for error messages.
    public static var names: String { allCases.map(\.rawValue).joined(separator: ", ") }

    /// The ids of a conversation, up to where the assistant's next message begins.
    ///
    /// Throws `conversation` for roles in an order that the template cannot express, and `unsupported` if the vocabulary
    /// lacks a control token of the template.
    public func encode(_ turns: [ChatTurn], with tokenizer: any Tokenizer) throws -> [TokenID] {
        guard !turns.isEmpty else { throw refusal("has no message; give at least one") }
        switch self {
        case .llama2Chat: return try llama2(turns, tokenizer)
        case .llama3: return try llama3(turns, tokenizer)
        case .mellama:
            guard turns.count == 1, turns[0].role == .user else {
                throw refusal("takes one message, the user's; put everything into it")
            }
            return begin(tokenizer) + tokenizer.encode(untrusted: "Human: \n\(turns[0].content)\n\nAssistant: \n")
        case .plain:
            return begin(tokenizer)
                + tokenizer.encode(untrusted: turns.map(\.content).joined(separator: "\n\n"))
        }
    }

    /// The ids that end the assistant's message, beside those that end a sequence.
    public func endsOfTurn(_ tokenizer: any Tokenizer) -> [TokenID] {
        self == .llama3 ? tokenizer.id(ofControl: "<|eot_id|>").map { [$0] } ?? [] : []
    }

    private func begin(_ tokenizer: any Tokenizer) -> [TokenID] {
        tokenizer.addsBOSByDefault ? tokenizer.beginOfSequence.map { [$0] } ?? [] : []
    }

    private func llama2(_ turns: [ChatTurn], _ tokenizer: any Tokenizer) throws -> [TokenID] {
        guard let begin = tokenizer.beginOfSequence, let end = tokenizer.endOfSequence else {
            throw missing("tokens that begin and end a sequence")
        }
        var rest = turns[...]
        let system = rest.first?.role == .system ? rest.removeFirst().content : nil
        guard rest.count % 2 == 1 else { throw refusal("needs the user's message last, after turns of both") }
        var ids: [TokenID] = []
        // A question and its answer are one text: they are encoded together.
        var text = ""
        for (place, turn) in rest.enumerated() {
            guard turn.role == (place % 2 == 0 ? .user : .assistant) else {
                throw refusal("needs the roles user and assistant in turns, after a system message if there is one")
            }
            if turn.role == .user {
                let head = place == 0 ? system.map { "<<SYS>>\n\($0)\n<</SYS>>\n\n" } ?? "" : ""
                text = "[INST] \(Self.trimmed(head + turn.content)) [/INST]"
            } else {
                ids += [begin] + tokenizer.encode(untrusted: "\(text) \(Self.trimmed(turn.content)) ") + [end]
            }
        }
        return ids + [begin] + tokenizer.encode(untrusted: text)
    }

    private func llama3(_ turns: [ChatTurn], _ tokenizer: any Tokenizer) throws -> [TokenID] {
        func control(_ name: String) throws -> TokenID {
            guard let id = tokenizer.id(ofControl: name) else { throw missing(name) }
            return id
        }
        let head = try control("<|start_header_id|>"), headEnd = try control("<|end_header_id|>")
        let turnEnd = try control("<|eot_id|>")
        guard let begin = tokenizer.beginOfSequence else { throw missing("a token that begins a sequence") }
        var ids = [begin]
        for turn in turns {
            ids += [head] + tokenizer.encode(untrusted: turn.role.rawValue) + [headEnd]
            ids += tokenizer.encode(untrusted: "\n\n" + Self.trimmed(turn.content)) + [turnEnd]
        }
        return ids + [head] + tokenizer.encode(untrusted: "assistant") + [headEnd] + tokenizer.encode(untrusted: "\n\n")
    }

    private func refusal(_ what: String) -> TokenizationError {
        TokenizationError(.conversation, "the chat template \(rawValue)", what)
    }

    private func missing(_ what: String) -> TokenizationError {
        TokenizationError(
            .unsupported, "the chat template \(rawValue)",
            "needs \(what), which the model's vocabulary lacks; name the model's own template")
    }

    /// Without the white space around it, as Python's `str.strip()` sees it.
    private static func trimmed(_ text: String) -> String {
        func isSpace(_ scalar: Unicode.Scalar) -> Bool {
            scalar.properties.isWhitespace || (0x1C...0x1F).contains(scalar.value)
        }
        let scalars = text.unicodeScalars
        guard let first = scalars.firstIndex(where: { !isSpace($0) }),
            let last = scalars.lastIndex(where: { !isSpace($0) })
        else { return "" }
        return String(scalars[first...last])
    }
}
