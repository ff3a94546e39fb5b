// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

import Glibc

/// Asks the kernel to stop this process when its parent dies, so that no child of `mellama up` outlives it.
enum ParentDeathSignal {
    /// `PR_SET_PDEATHSIG` of linux/prctl.h.
    private static let option: Int32 = 1
    private typealias ProcessControl = @convention(c) (Int32, UInt, UInt, UInt, UInt) -> Int32

    /// Sets the signal; false where the kernel refuses. It holds across `execv`, and counts from the death of the thread
    /// that made this process: `mellama up` makes its children on its main thread.
    static func set(_ signal: Int32) -> Bool {
        // prctl is variadic in C, which Swift does not import; its arguments are five registers on every Linux.
        guard let symbol = dlsym(nil, "prctl") else { return false }
        let control = unsafeBitCast(symbol, to: ProcessControl.self)
        return control(option, UInt(UInt32(bitPattern: signal)), 0, 0, 0) == 0
    }
}
