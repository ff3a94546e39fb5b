#!lua flags=allow-oom
-- Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0
-- Ends an attempt with an error: delayed for another attempt, else failed (permanent) or dead (exhausted).
-- KEYS: 1 meta
-- ARGV: 1 id, 2 fence, 3 error JSON, 4 '1' where retrying may help, 5 pause ms before the next attempt
-- Returns: the state that follows, also for the same call again, or 'stale'
local j = load_job(ARGV[1])
local no = refusal(j, ARGV[2])
if no then return no == 'done' and j.state or 'stale' end
local attempts = redis.call('HINCRBY', job_key(j.id), 'attempts', 1)
redis.call('HSET', job_key(j.id), 'done', ARGV[2], 'error', ARGV[3])
if j.cancel then
  close(j, 'cancelled', 'error', ARGV[3])
elseif ARGV[4] ~= '1' then
  close(j, 'failed', 'error', ARGV[3])
elseif attempts >= tonumber(j.max_attempts) then
  close(j, 'dead', 'error', ARGV[3])
else
  make_ready(j, NOW + tonumber(ARGV[5]))
  count(j.kind, 'retried')
  emit('state', j, 'st', j.state, 'er', ARGV[3])
end
settle()
return j.state
