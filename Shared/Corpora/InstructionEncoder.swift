// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

import Tokenization

/// Turns a sample into ids and labels: BOS, prompt, answer, EOS, of which only the answer and EOS are learnt.
///
/// The answer is tokenized on its own, so that it begins with a space piece, as the model's own answers do after a
/// prompt; where the sample says what separates them, as its evaluation scores it: what prompt and answer together have
/// beyond the prompt. A sample that is too long loses the beginning of its context, never its instruction or its answer.
struct InstructionEncoder {
    /// A sample in ids.
    struct Encoded {
        var ids: [TokenID]
        /// How many ids at the start are the prompt.
        var promptCount: Int
        var wasCut: Bool
        var textBytes: Int
    }

    let tokenizer: any Tokenizer
    let sequenceLength: Int

    /// The ids of a sample; nil if it cannot be made to fit.
    func encode(_ sample: InstructionSample) -> Encoded? {
        let begin = tokenizer.beginOfSequence.map { [$0] } ?? []
        let answer = answerIDs(sample) + (tokenizer.endOfSequence.map { [$0] } ?? [])
        let room = sequenceLength - begin.count - answer.count
        var context = Array(sample.context.utf8)[...]
        var prompt = tokenizer.encode(untrusted: sample.prompt)
        var wasCut = false
        // Each round cuts the tokens that are too many, or one more than the round before; where pieces fall depends on
        // what is cut, so the result is looked at again.
        var extra = 0
        while prompt.count > room {
            guard !context.isEmpty, room > 0 else { return nil }
            let tokens = tokenizer.encode(untrusted: String(decoding: context, as: UTF8.self))
            let surplus = prompt.count - room + extra
            extra += 1
            context = dropHead(context, bytes: tokens.prefix(surplus).reduce(0) { $0 + tokenizer.byteCount(of: $1) })
            wasCut = true
            prompt = tokenizer.encode(untrusted: sample.head + String(decoding: context, as: UTF8.self) + sample.tail)
        }
        let kept = sample.head.utf8.count + context.count + sample.tail.utf8.count + sample.answer.utf8.count
        return Encoded(
            ids: begin + prompt + answer, promptCount: begin.count + prompt.count, wasCut: wasCut, textBytes: kept)
    }

    private func answerIDs(_ sample: InstructionSample) -> [TokenID] {
        let alone = tokenizer.encode(untrusted: sample.answer)
        guard let separator = sample.separator else { return alone }
        // The end of the prompt decides how the answer is cut into pieces; its beginning may yet be cut off.
        let end = sample.tail.isEmpty ? sample.prompt : sample.tail
        let prompt = tokenizer.encode(untrusted: end)
        let whole = tokenizer.encode(untrusted: end + separator + sample.answer)
        return whole.starts(with: prompt) && whole.count > prompt.count ? Array(whole[prompt.count...]) : alone
    }

    /// Drops at least this many bytes from the front, up to the next word, so that no character is cut.
    private func dropHead(_ text: ArraySlice<UInt8>, bytes: Int) -> ArraySlice<UInt8> {
        var start = text.startIndex + min(max(1, bytes), text.count)
        let isSpace: (UInt8) -> Bool = { $0 == 0x20 || $0 == 0x0A }
        // Text without spaces for 64 bytes is cut at the next character instead.
        if let space = text[start...].prefix(64).firstIndex(where: isSpace) {
            start = space + 1
        } else {
            while start < text.endIndex, text[start] & 0xC0 == 0x80 { start += 1 }
        }
        return text[start...]
    }
}
