#!lua flags=no-writes
-- Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0
-- Depths, age of the oldest ready job, and counters of some queues.
-- KEYS: 1 meta
-- ARGV: kinds
-- Returns: one a kind: {ready, delayed, running, waiting, age of the oldest ready job in ms or -1, counters}
local reply = {}
for i, kind in ipairs(ARGV) do
  local age = -1
  local oldest = redis.call('ZRANGE', queue_key(kind, 'ready'), 0, 0)[1]
  if oldest then age = math.max(0, NOW - tonumber(redis.call('HGET', job_key(oldest), 'created') or NOW)) end
  reply[i] = {
    redis.call('ZCARD', queue_key(kind, 'ready')), redis.call('ZCARD', queue_key(kind, 'delayed')),
    redis.call('ZCARD', queue_key(kind, 'leased')), redis.call('SCARD', queue_key(kind, 'waiting')), age,
    redis.call('HGETALL', queue_key(kind, 'stats')),
  }
end
return reply
