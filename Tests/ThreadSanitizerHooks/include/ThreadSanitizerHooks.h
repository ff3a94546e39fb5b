// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0
// Nothing to call: being linked is enough.
