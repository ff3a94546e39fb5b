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
    if j then count(j.kind, 'stale_calls') end
    reply[#reply + 1] = 0
  elseif j.deadline and tonumber(j.deadline) <= NOW then
    close(j, 'expired', {'fence', 0}, failure('expired', 'The deadline has passed', 'it was still running'))
    reply[#reply + 1] = 0
  else
    redis.call('ZADD', queue_key(j.kind, 'leased'), num(NOW + tonumber(ARGV[1])), j.id)
    local progress = ARGV[i + 2]
    if progress ~= '' then
      keep_more(j.id, 'progress', progress, 'ev', 1)
      -- Only what reports progress has a stream of its own: even an empty one costs 4 KiB.
      redis.call('XADD', P .. 'ev:job:' .. j.id, 'MAXLEN', '~', '10000', emit('progress', j, 'p', progress), 'p',
        progress)
    end
    reply[#reply + 1] = j.cancel and 2 or 1
  end
end
settle()
return reply
