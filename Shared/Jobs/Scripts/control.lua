#!lua flags=allow-oom
-- Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0
-- Sets pause and limits of a queue; what is parked becomes ready as far as a raised limit allows, the rest at the next
-- reaps.
-- KEYS: 1 meta
-- ARGV: 1 kind, then pairs: field of `ctl`, its value or '' for none
-- Returns: 'ok'
local kind = ARGV[1]
for i = 2, #ARGV, 2 do
  if ARGV[i + 1] == '' then redis.call('HDEL', queue_key(kind, 'ctl'), ARGV[i])
  else redis.call('HSET', queue_key(kind, 'ctl'), ARGV[i], ARGV[i + 1]) end
end
local budget = 100
for _, tenant in ipairs(redis.call('SRANDMEMBER', queue_key(kind, 'parked'), 100)) do
  if budget > 0 then budget = budget - unpark(kind, tenant, budget) end
end
-- Workers sleep beside a queue that was paused or full.
if not control(kind).paused then
  for _ = 1, math.min(64, redis.call('ZCARD', queue_key(kind, 'ready'))) do wake(kind) end
end
settle()
return 'ok'
