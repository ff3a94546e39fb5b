#!lua
-- Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0
-- Accepts jobs, each by itself: looks the idempotency key and the id up, asks the limits, creates the job, makes it
-- ready or delays it, wakes workers.
-- KEYS: 1 meta, then one a job: its idempotency record (or meta again where there is no key)
-- ARGV: 1 idempotency time to live ms, then thirteen a job:
--       id, kind, version, payload, tenant, priority, parent or '', traceparent or '', deadline ms or '',
--       not before ms or '', maximum attempts, maximum crashes, affinity or ''
-- Returns: one a job: {'accepted' | 'duplicate' | 'conflict' | 'no-parent' | 'parent-ended', id, state}, or
--          {'full', id, 'queue' | 'tenant', ms after which a place may be free}
local function submit(record, id, kind, version, payload, tenant, priority, parent, traceparent, deadline, not_before,
                      max_attempts, max_crashes, affinity)
  local sha = redis.sha1hex(table.concat({kind, version, payload, parent}, '\0'))
  if record ~= KEYS[1] then
    local seen = redis.call('HMGET', record, 'job', 'sha')
    local state = seen[1] and redis.call('HGET', job_key(seen[1]), 'state')
    if state then return {seen[2] == sha and 'duplicate' or 'conflict', seen[1], state} end
  end
  local known = redis.call('HMGET', job_key(id), 'state', 'sha')
  if known[1] then return {known[2] == sha and 'duplicate' or 'conflict', id, known[1]} end

  if parent ~= '' then
    local p = load_job(parent)
    if not p then return {'no-parent', parent, ''} end
    -- A child of a parent that is ending would never be cancelled with it.
    if TERMINAL[p.state] or p.cancel then return {'parent-ended', parent, p.state} end
    priority = p.prio
    if not p.kids then keep_more(parent, 'kids', 1) end
  else
    -- What a job asks for is let in: its parent holds a place already, and would wait for ever.
    local full = is_full(kind, tenant, 1)
    if full then return {'full', id, full[1], full[2]} end
  end
  local due = tonumber(not_before)
  local j = create_job(id, {
    kind = kind, version = version, payload = payload, tenant = tenant, prio = priority, parent = optional(parent),
    traceparent = optional(traceparent), deadline = optional(deadline), max_attempts = max_attempts,
    max_crashes = max_crashes, sha = sha, affinity = optional(affinity),
  }, function(j, fields) make_ready(j, due, fields) end)
  if j.parent then
    redis.call('SADD', job_key(j.parent) .. ':kids', j.id)
    redis.call('SADD', job_key(j.parent) .. ':open', j.id)
  end
  if record ~= KEYS[1] then
    redis.call('HSET', record, 'job', j.id, 'sha', sha)
    redis.call('PEXPIRE', record, ARGV[1])
  end
  return {'accepted', j.id, j.state}
end

local reply = {}
for i = 2, #KEYS do reply[i - 1] = submit(KEYS[i], unpack(ARGV, (i - 2) * 13 + 2, (i - 2) * 13 + 14)) end
if last_order then keep_order() end
settle()
return reply
