#!lua
-- Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0
-- Accepts one job: looks the idempotency key and the id up, creates the job, makes it ready, wakes a worker.
-- KEYS: 1 meta, 2 idempotency record (or meta again where there is no key)
-- ARGV: 1 id, 2 kind, 3 version, 4 payload, 5 tenant, 6 priority, 7 parent or '', 8 traceparent or '',
--       9 deadline ms or '', 10 maximum attempts, 11 maximum crashes,
--       12 idempotency time to live ms, or '' without a key
-- Returns: {'accepted' | 'duplicate' | 'conflict' | 'no-parent' | 'parent-ended', id, state}
local sha = redis.sha1hex(table.concat({ARGV[2], ARGV[3], ARGV[4], ARGV[7]}, '\0'))
if ARGV[12] ~= '' then
  local seen = redis.call('HMGET', KEYS[2], 'job', 'sha')
  local state = seen[1] and redis.call('HGET', job_key(seen[1]), 'state')
  if state then return {seen[2] == sha and 'duplicate' or 'conflict', seen[1], state} end
end
local known = redis.call('HMGET', job_key(ARGV[1]), 'state', 'sha')
if known[1] then return {known[2] == sha and 'duplicate' or 'conflict', ARGV[1], known[1]} end

local priority = ARGV[6]
if ARGV[7] ~= '' then
  local parent = load_job(ARGV[7])
  if not parent then return {'no-parent', ARGV[7], ''} end
  -- A child of a parent that is ending would never be cancelled with it.
  if TERMINAL[parent.state] or parent.cancel then return {'parent-ended', ARGV[7], parent.state} end
  priority = parent.prio
end
local j = create_job(ARGV[1], {
  kind = ARGV[2], version = ARGV[3], payload = ARGV[4], tenant = ARGV[5], prio = priority, parent = optional(ARGV[7]),
  traceparent = optional(ARGV[8]), deadline = optional(ARGV[9]), max_attempts = ARGV[10], max_crashes = ARGV[11],
  sha = sha,
})
if j.parent then
  redis.call('SADD', job_key(j.parent) .. ':kids', j.id)
  redis.call('SADD', job_key(j.parent) .. ':open', j.id)
end
if ARGV[12] ~= '' then
  redis.call('HSET', KEYS[2], 'job', j.id, 'sha', sha)
  redis.call('PEXPIRE', KEYS[2], ARGV[12])
end
make_ready(j)
emit('state', j, 'st', 'ready')
return {'accepted', j.id, 'ready'}
