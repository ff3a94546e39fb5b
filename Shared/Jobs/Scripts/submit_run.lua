#!lua
-- Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0
-- Accepts a run: every stage and edge at once, stages without parents ready, the rest waiting.
-- KEYS: 1 meta, 2 idempotency record (or meta again where there is no key)
-- ARGV: 1 run, 2 name, 3 tenant, 4 traceparent or '', 5 idempotency time to live ms, or '' without a key,
--       6 the recipe, 7 maximum attempts, 8 maximum crashes, 9 deadline ms or '', then eight a stage, parents before
--       children:
--       name, kind, version, payload, priority, on_failure, parents as 'a,b', and those whose output it names as 'a,b'
-- Returns: {'accepted' | 'duplicate' | 'conflict', run}, or {'full', kind, 'queue' | 'tenant', ms after which a place may
--          be free}
local sha = redis.sha1hex(ARGV[6])
if ARGV[5] ~= '' then
  local seen = redis.call('HMGET', KEYS[2], 'run', 'sha')
  if seen[1] and redis.call('EXISTS', run_key(seen[1])) == 1 then
    return {seen[2] == sha and 'duplicate' or 'conflict', seen[1]}
  end
end
local run = ARGV[1]
local known = redis.call('HGET', run_key(run), 'sha')
if known then return {known == sha and 'duplicate' or 'conflict', run} end

local wanted = {}
for i = 10, #ARGV, 8 do wanted[ARGV[i + 1]] = (wanted[ARGV[i + 1]] or 0) + 1 end
for kind, n in pairs(wanted) do
  local full = is_full(kind, ARGV[3], n)
  if full then return {'full', kind, full[1], full[2]} end
end

local names = {}
for i = 10, #ARGV, 8 do
  local id = run .. '.' .. ARGV[i]
  names[#names + 1] = ARGV[i]
  local has_parents = false
  for parent in string.gmatch(ARGV[i + 6], '[^,]+') do
    has_parents = true
    redis.call('SADD', job_key(id) .. ':deps', run .. '.' .. parent)
    redis.call('SADD', job_key(run .. '.' .. parent) .. ':next', id)
  end
  create_job(id, {
    kind = ARGV[i + 1], version = ARGV[i + 2], payload = ARGV[i + 3], tenant = ARGV[3], prio = ARGV[i + 4],
    run = run, stage = ARGV[i], traceparent = optional(ARGV[4]), on_failure = ARGV[i + 5], after = ARGV[i + 6],
    refs = ',' .. ARGV[i + 7] .. ',', max_attempts = ARGV[7], max_crashes = ARGV[8], deadline = optional(ARGV[9]),
    sha = redis.sha1hex(ARGV[i + 3]),
  }, function(j, fields)
    if has_parents then make_waiting(j, fields) else make_ready(j, nil, fields) end
  end)
end
redis.call('HSET', run_key(run), 'name', ARGV[2], 'tenant', ARGV[3], 'state', 'running', 'created', num(NOW),
  'stages', table.concat(names, ','), 'open', #names, 'sha', sha)
redis.call('ZADD', P .. 'runs', num(next_order()), run)
keep_order()
if ARGV[5] ~= '' then
  redis.call('HSET', KEYS[2], 'run', run, 'sha', sha)
  redis.call('PEXPIRE', KEYS[2], ARGV[5])
end
settle()
return {'accepted', run}
