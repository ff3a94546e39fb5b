# Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0
"""Hand-written material from which make_corpus.py composes the demo's data."""
