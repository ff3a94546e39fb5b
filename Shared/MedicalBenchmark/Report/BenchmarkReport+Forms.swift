// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

public import FoundationEssentials

extension BenchmarkReport {
    /// All figures, for programs.
    public func json() throws -> Data {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
        return try encoder.encode(self) + [UInt8(ascii: "\n")]
    }

    /// A line a metric, for a spreadsheet.
    public var csv: String { CSVWriter().write(self) }

    /// For reading and for keeping in a repository.
    public var markdown: String { MarkdownWriter().write(ReportDocument(self, isBrief: false)) }

    /// Aligned tables for a terminal, with the paper's LLaMA2 and Me LLaMA figures only.
    public var terminalText: String { TerminalWriter().write(ReportDocument(self, isBrief: true)) }

    /// One page that needs no other file.
    public var html: String { HTMLWriter().write(ReportDocument(self, isBrief: false)) }
}
