// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

import Messages
import Synchronization

/// Draws a `ProgressBoard`: live lines at the bottom of a terminal, or plain lines where there is none.
final class ProgressScreen: Sendable {
    private struct State {
        var board: ProgressBoard
        var drawnLines = 0
        var lastDrawn: ContinuousClock.Instant?
        /// The last tenth that a plain line told of, by stage.
        var toldTenths: [String: Int] = [:]
    }

    private let state: Mutex<State>
    private let isInteractive: Bool
    private let write: @Sendable (String) -> Void

    init(
        names: [String], isInteractive: Bool = Terminal.isInteractive,
        write: @escaping @Sendable (String) -> Void = { Terminal.write($0, to: 2) }
    ) {
        state = Mutex(State(board: ProgressBoard(names: names)))
        self.isInteractive = isInteractive
        self.write = write
    }

    func take(_ event: JobEvent) {
        let text = state.withLock { state -> String in
            let line = state.board.take(event).map(Terminal.plain)
            return isInteractive ? Self.redraw(&state, keeping: line) : Self.plain(&state, event, line)
        }
        if !text.isEmpty { write(text) }
    }

    /// A line of the program's own.
    func note(_ line: String) {
        let text = state.withLock { isInteractive ? Self.redraw(&$0, keeping: line) : line + "\n" }
        write(text)
    }

    /// Takes the live lines away.
    func finish() {
        let text = state.withLock { state in
            defer { state.drawnLines = 0 }
            return Self.erase(state.drawnLines)
        }
        if !text.isEmpty { write(text) }
    }

    private static func erase(_ lines: Int) -> String {
        lines == 0 ? "" : "\u{1B}[\(lines)A\r\u{1B}[J"
    }

    private static func redraw(_ state: inout State, keeping line: String?) -> String {
        let now = ContinuousClock.now
        if line == nil, let last = state.lastDrawn, now - last < .milliseconds(100) { return "" }
        state.lastDrawn = now
        let lines = state.board.lines(width: Terminal.width - 1).map(Terminal.plain)
        let text = erase(state.drawnLines) + (line.map { $0 + "\n" } ?? "") + lines.map { $0 + "\n" }.joined()
        state.drawnLines = lines.count
        return text
    }

    /// Without a terminal: states, and a line a tenth of each stage's way.
    private static func plain(_ state: inout State, _ event: JobEvent, _ line: String?) -> String {
        if let line { return line + "\n" }
        let name = event.stage ?? event.job.rawValue
        guard event.kind == .progress, let progress = event.progress, let fraction = progress.fraction else {
            return ""
        }
        let tenth = Int(fraction * 10)
        guard tenth > state.toldTenths[name] ?? 0 else { return "" }
        state.toldTenths[name] = tenth
        return Terminal.plain("\(name): \(ProgressBoard.text(progress))") + "\n"
    }
}
