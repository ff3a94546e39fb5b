#!lua flags=no-writes
-- Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0
-- Depths, age of the oldest ready job, and counters of some queues.
-- KEYS: 1 meta
-- ARGV: kinds
-- Returns: one a kind: {ready, delayed, running, waiting, parked, dead, age of the oldest ready job in ms or -1, counters}
local reply = {}
for i, kind in ipairs(ARGV) do
  local age = -1
  local oldest = redis.call('ZRANGE', queue_key(kind, 'ready'), 0, 0)[1]
  if oldest then
    -- Not since it was submitted: a stage may have waited for others all that time.
    local v = redis.call('HMGET', job_key(oldest), 'since', 'created')
    age = math.max(0, NOW - tonumber(v[1] or v[2] or NOW))
  end
  reply[i] = {
    redis.call('ZCARD', queue_key(kind, 'ready')), redis.call('ZCARD', queue_key(kind, 'delayed')),
    redis.call('ZCARD', queue_key(kind, 'leased')), redis.call('SCARD', queue_key(kind, 'waiting')),
    parked_count(kind), redis.call('ZCARD', queue_key(kind, 'dead')), age,
    redis.call('HGETALL', queue_key(kind, 'stats')),
  }
end
return reply
