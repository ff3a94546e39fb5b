// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

/// The number of a token in its vocabulary.
public typealias TokenID = Int32
