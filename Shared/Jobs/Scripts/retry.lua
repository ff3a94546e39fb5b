#!lua
-- Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0
-- Makes an ended job ready again with fresh counters, the stages it had failed waiting again, and forgets the children
-- of it that did not succeed.
-- KEYS: 1 meta
-- ARGV: 1 id
-- Returns: {'ok' | 'wrong-state' | 'gone' (its payload was purged), state}, or false where there is no such job
local RETRYABLE = {failed = true, dead = true, cancelled = true, expired = true}
local j = load_job(ARGV[1])
if not j then return false end
if not RETRYABLE[j.state] then return {'wrong-state', j.state} end
if redis.call('HEXISTS', job_key(j.id), 'payload') == 0 then return {'gone', j.state} end

-- Back among the living: waiting for the parents that have not ended, or ready.
local function revive(s)
  local key = job_key(s.id)
  redis.call('HDEL', key, 'cancel', 'error', 'result', 'finished', 'done', 'progress', 'deadline', 'attempts', 'crashes',
    'interruptions')
  -- Parts go too: attempts are counted anew.
  redis.call('DEL', key .. ':deps', part_key(s.id))
  if not s.parent then redis.call('SADD', tenant_key(s, 'open'), s.id) end
  count(s.kind, 'retried')
  local open = false
  for parent in string.gmatch(redis.call('HGET', key, 'after') or '', '[^,]+') do
    local id = s.run .. '.' .. parent
    if not TERMINAL[redis.call('HGET', job_key(id), 'state') or 'expired'] then
      redis.call('SADD', key .. ':deps', id)
      open = true
    end
  end
  if open then make_waiting(s) else make_ready(s) end
end

-- Whether a stage's parents allow it to run or to wait.
local function may_live(s)
  for parent in string.gmatch(redis.call('HGET', job_key(s.id), 'after') or '', '[^,]+') do
    local state = redis.call('HGET', job_key(s.run .. '.' .. parent), 'state')
    local needs = s.on_failure == 'fail' or string.find(s.refs or '', ',' .. parent .. ',', 1, true)
    if state ~= 'succeeded' and TERMINAL[state or 'expired'] and needs then return false end
  end
  return true
end

if j.run and not may_live(j) then return {'wrong-state', 'upstream_failed'} end
redis.call('SREM', P .. 'ending', j.id)
local kids = job_key(j.id) .. ':kids'
for _, id in ipairs(redis.call('SMEMBERS', kids)) do
  local c = load_job(id)
  if c and not TERMINAL[c.state] then
    redis.call('HDEL', job_key(id), 'cancel')
    redis.call('SADD', job_key(j.id) .. ':open', id)
  elseif c and c.state ~= 'succeeded' then
    forget(c)
    redis.call('SREM', kids, id)
  end
end

if j.run then
  local names = stages_of(j.run)
  for _, name in ipairs(names) do unretire({id = j.run .. '.' .. name}) end
  redis.call('PERSIST', run_key(j.run))
  redis.call('PERSIST', P .. 'ev:run:' .. j.run)
  revive(j)
  local revived = 1
  for _, name in ipairs(names) do
    local s = load_job(j.run .. '.' .. name)
    if s and s.state == 'upstream_failed' and may_live(s) and redis.call('HEXISTS', job_key(s.id), 'payload') == 1 then
      revive(s)
      revived = revived + 1
    end
  end
  redis.call('HINCRBY', run_key(j.run), 'open', revived)
  redis.call('HSET', run_key(j.run), 'state', 'running')
  redis.call('HDEL', run_key(j.run), 'finished', 'cancel')
else
  unretire(j)
  revive(j)
  -- Its parent waits for it again, and would cancel it again.
  if j.parent and not TERMINAL[redis.call('HGET', job_key(j.parent), 'state') or 'expired'] then
    redis.call('SADD', job_key(j.parent) .. ':open', j.id)
  end
end
settle()
return {'ok', j.state}
