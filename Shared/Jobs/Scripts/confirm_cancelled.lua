#!lua flags=allow-oom
-- Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0
-- Ends an attempt whose cancellation was asked for.
-- KEYS: 1 meta
-- ARGV: 1 id, 2 fence
-- Returns: 'ok', also for the same call again, or 'stale'
local j = load_job(ARGV[1])
local no = refusal(j, ARGV[2])
if no then return (no == 'done' and j.state == 'cancelled') and 'ok' or 'stale' end
close(j, 'cancelled', {'done', ARGV[2]}, failure('cancelled', 'The job was cancelled', 'cancelled while it ran'))
settle()
return 'ok'
