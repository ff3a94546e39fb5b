// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

/// Words apart from their punctuation: runs of letters, digits and marks, and every other visible character alone.
enum TextTokens {
    static func words(_ text: String) -> [String] {
        let scanner = OutputScanner(text)
        var words: [String] = []
        var start: Int?
        func close(at end: Int) {
            if let begin = start { words.append(String(String.UnicodeScalarView(scanner.scalars[begin..<end]))) }
            start = nil
        }
        for (index, scalar) in scanner.scalars.enumerated() {
            if scanner.isWord(at: index) {
                if start == nil { start = index }
                continue
            }
            close(at: index)
            if !PythonText.isSpace(scalar) { words.append(String(scalar)) }
        }
        close(at: scanner.scalars.count)
        return words
    }
}
