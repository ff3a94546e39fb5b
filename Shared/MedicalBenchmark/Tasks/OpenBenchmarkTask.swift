// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

/// A data set that anyone may have: its texts may be put to a third party's model.
///
/// A task that does not say so is restricted. The compiler holds that: a remote model takes nothing but `Shareable`, and
/// that can be made only of an open task.
public protocol OpenBenchmarkTask: BenchmarkTask {}
