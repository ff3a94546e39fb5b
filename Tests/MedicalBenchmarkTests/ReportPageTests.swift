// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

import Foundation
import Testing

@testable import MedicalBenchmark

/// Chromium, or what goes by its name in PATH.
private enum Browser {
    static let path: String? = {
        let folders = (ProcessInfo.processInfo.environment["PATH"] ?? "").split(separator: ":")
        let names = ["chromium", "chromium-browser", "google-chrome"]
        return folders.lazy.flatMap { folder in names.map { "\(folder)/\($0)" } }
            .first { FileManager.default.isExecutableFile(atPath: $0) }
    }()
}

/// The page as Chromium draws it: that it is drawn at all, whole, and at the size it should have.
@Suite(
    "The report in a real browser", .timeLimit(.minutes(5)),
    .enabled(if: Browser.path != nil, "no chromium in PATH"))
struct ReportPageTests {
    /// Runs the browser to its end; nothing of what it says is of interest.
    private static func run(_ arguments: [String]) throws -> Int32 {
        let browser = try #require(Browser.path)
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        for descriptor: Int32 in [0, 1, 2] {
            posix_spawn_file_actions_addopen(&actions, descriptor, "/dev/null", O_RDWR, 0)
        }
        var words = ([browser] + arguments).map { strdup($0) } + [nil]
        defer { for word in words { free(word) } }
        var child: pid_t = 0
        guard posix_spawn(&child, browser, &actions, nil, &words, environ) == 0 else { return -1 }
        var status: Int32 = 0
        while waitpid(child, &status, 0) == -1, errno == EINTR {}
        return status
    }

    @Test("A screenshot shows the whole page, light and dark", arguments: [false, true])
    func screenshot(isDark: Bool) throws {
        let folder = FileManager.default.temporaryDirectory.appending(path: "page-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        let page = folder.appending(path: "report.html")
        try Data(BenchmarkReport(BenchmarkReportTests.input()).html.utf8).write(to: page)
        let picture = folder.appending(path: "report.png")
        let status = try Self.run([
            "--headless", "--no-sandbox", "--disable-gpu", "--hide-scrollbars", "--window-size=1280,3000",
            "--user-data-dir=\(folder.path)/profile", "--screenshot=\(picture.path)",
            "--blink-settings=preferredColorScheme=\(isDark ? 0 : 1)", page.absoluteString,
        ])
        #expect(status == 0)
        let bytes = [UInt8](try Data(contentsOf: picture))
        // PNG: its mark, then the first chunk with width and height.
        #expect(bytes.prefix(8) == [0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A])
        func number(_ place: Int) -> Int { bytes[place..<place + 4].reduce(0) { $0 << 8 | Int($1) } }
        #expect(number(16) == 1280 && number(20) == 3000)
        // A page that stays white packs to a few thousand bytes.
        #expect(bytes.count > 50_000)
    }
}
