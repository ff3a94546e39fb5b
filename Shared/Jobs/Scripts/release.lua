#!lua flags=allow-oom
-- Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0
-- Gives a job back at its old place because its worker stops.
-- KEYS: 1 meta
-- ARGV: 1 id, 2 fence
-- Returns: the state that follows, also for the same call again, or 'stale'
local j = load_job(ARGV[1])
local no = refusal(j, ARGV[2])
if no then return no == 'done' and j.state or 'stale' end
redis.call('HINCRBY', job_key(j.id), 'interruptions', 1)
redis.call('HSET', job_key(j.id), 'done', ARGV[2])
if j.cancel then
  close(j, 'cancelled', 'error', failure('cancelled', 'The job was cancelled', 'cancelled while its worker stopped'))
else
  make_ready(j)
  count(j.kind, 'released')
  emit('state', j, 'st', 'ready')
end
settle()
return j.state
