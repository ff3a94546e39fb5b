#!lua flags=allow-oom
-- Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0
-- Called on every new connection: after a restart of the server, whose leases all look over, nothing is reaped for a
-- lease. Also keeps the settings that other scripts read.
-- KEYS: 1 meta
-- ARGV: 1 the server's run id or '', 2 lease ms, 3 schema, 4 time to live of ended jobs ms, 5 of children ms,
--       6 of payloads and results of jobs that succeeded ms
-- Returns: {schema, server time ms}
local seen = redis.call('HMGET', KEYS[1], 'redis_run_id', 'schema')
if seen[2] and seen[2] ~= ARGV[3] then return {seen[2], NOW} end
if seen[1] and ARGV[1] ~= '' and seen[1] ~= ARGV[1] then
  redis.call('HSET', KEYS[1], 'grace_until_ms', num(NOW + tonumber(ARGV[2])))
end
redis.call('HSET', KEYS[1], 'redis_run_id', ARGV[1], 'schema', ARGV[3], 'ttl_ms', ARGV[4], 'child_ttl_ms', ARGV[5],
  'text_ttl_ms', ARGV[6])
return {ARGV[3], NOW}
