#!lua flags=allow-oom
-- Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0
-- Ends a job with success: result, what waits for it, its run, its time to live.
-- KEYS: 1 meta
-- ARGV: 1 id, 2 fence, 3 result JSON
-- Returns: 'ok', also for the same call again, or 'stale'
local j = load_job(ARGV[1])
local no = refusal(j, ARGV[2])
if no then return (no == 'done' and j.state == 'succeeded') and 'ok' or 'stale' end
redis.call('HSET', job_key(j.id), 'done', ARGV[2])
redis.call('HDEL', job_key(j.id), 'error')
close(j, 'succeeded', 'result', ARGV[3])
settle()
return 'ok'
