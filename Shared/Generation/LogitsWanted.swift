// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

public import Llama

/// Which of the new tokens of a sequence logits are wanted for.
public typealias LogitsWanted = LlamaModel.LogitsWanted
