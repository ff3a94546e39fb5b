#!lua flags=allow-oom
-- Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0
-- Extends leases, stores progress, tells what the holder must do. A job past its deadline ends here.
-- KEYS: 1 meta
-- ARGV: 1 lease ms, then three a job: id, fence, progress JSON or ''
-- Returns: one a job: 1 held, 2 cancellation requested, 0 stale
local reply = {}
for i = 2, #ARGV, 3 do
  local j = load_job(ARGV[i])
  if not j or j.state ~= 'running' or j.fence ~= ARGV[i + 1] then
    reply[#reply + 1] = 0
  elseif j.deadline and tonumber(j.deadline) <= NOW then
    redis.call('HSET', job_key(j.id), 'fence', 0)
    close(j, 'expired', 'error', failure('expired', 'The deadline has passed', 'it was still running'))
    reply[#reply + 1] = 0
  else
    redis.call('ZADD', queue_key(j.kind, 'leased'), num(NOW + tonumber(ARGV[1])), j.id)
    if ARGV[i + 2] ~= '' then
      redis.call('HSET', job_key(j.id), 'progress', ARGV[i + 2])
      emit('progress', j, 'p', ARGV[i + 2])
    end
    reply[#reply + 1] = j.cancel and 2 or 1
  end
end
settle()
return reply
