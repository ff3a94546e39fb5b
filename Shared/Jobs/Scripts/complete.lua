#!lua flags=allow-oom
-- Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0
-- Ends a job with success: result, what waits for it, its run, its time to live.
-- KEYS: 1 meta
-- ARGV: 1 id, 2 fence, 3 result JSON
-- Returns: 'ok', also for the same call again, or 'stale'
local j = load_job(ARGV[1])
local no = refusal(j, ARGV[2])
if no then return (no == 'done' and j.state == 'succeeded') and 'ok' or 'stale' end
if j.attempts > 0 then redis.call('HDEL', job_key(j.id), 'error') end
close(j, 'succeeded', {'done', ARGV[2], 'result', ARGV[3]})
settle()
return 'ok'
