#!lua flags=allow-oom
-- Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0
-- Gives back jobs whose lease has ended, ends those past their deadline, goes on with what other scripts left, removes
-- texts whose time is over, and mends what has no lease. After a restart or a stall of the server it waits a lease, so
-- that living workers can say so.
-- KEYS: 1 meta
-- ARGV: 1 lease ms, 2 the server time in ms that the caller expects now, or '' where it has no idea,
--       3 '1' where the caller had no answer for a while, 4 pause ms after a second crash (doubling with each)
-- Returns: {jobs given back or ended, server time ms, 1 where more is left to do at once else 0}
local lease = tonumber(ARGV[1])
local meta = redis.call('HMGET', KEYS[1], 'grace_until_ms', 'last_ms', 'rebase', 'walk')
local grace = tonumber(meta[1] or '0')
local last = tonumber(meta[2] or '0')
local kinds = redis.call('SMEMBERS', P .. 'kinds')
local tolerance = math.max(lease / 3, 2000)
-- The command may have waited in a stopped server's socket, or the clock has jumped.
local jumped = ARGV[2] ~= '' and math.abs(NOW - tonumber(ARGV[2])) > tolerance
local rebase = meta[3] or NOW < last - tolerance
if (jumped or rebase and not meta[3] or ARGV[3] == '1') and grace < NOW + lease then
  grace = NOW + lease
  redis.call('HSET', KEYS[1], 'grace_until_ms', num(grace))
end
redis.call('HSET', KEYS[1], 'last_ms', num(NOW))

-- The clock was set back: a lease given before then would last for as long as the step was.
if rebase then
  local left = false
  for _, kind in ipairs(kinds) do
    local leased = queue_key(kind, 'leased')
    for _, id in ipairs(redis.call('ZRANGE', leased, '(' .. num(NOW + lease), '+inf', 'BYSCORE', 'LIMIT', 0, 100)) do
      redis.call('ZADD', leased, num(NOW + lease), id)
      left = true
    end
  end
  if left then redis.call('HSET', KEYS[1], 'rebase', 1) else redis.call('HDEL', KEYS[1], 'rebase') end
end

-- A grace of more than a lease was written before the clock stepped back.
if grace > NOW + lease then
  grace = NOW + lease
  redis.call('HSET', KEYS[1], 'grace_until_ms', num(grace))
end
if NOW < grace then return {0, NOW, 0} end

local reaped, more = 0, 0
local budget = 100
for _, kind in ipairs(kinds) do
  local leased = queue_key(kind, 'leased')
  for _, id in ipairs(redis.call('ZRANGE', leased, '-inf', num(NOW), 'BYSCORE', 'LIMIT', 0, budget)) do
    budget = budget - 1
    local j = load_job(id)
    if j and j.state == 'running' then
      reaped = reaped + 1
      local crashes = j.crashes + 1
      count(kind, 'lease_expired')
      note(j, emit('lease_expired', j), 'lease_expired')
      local fields = {'fence', 0, 'more', 1, 'crashes', crashes}
      if j.cancel then
        close(j, 'cancelled', fields,
          failure('cancelled', 'The job was cancelled', 'its worker did not answer any more'))
      elseif crashes >= j.max_crashes then
        close(j, 'dead', fields, failure('poison', 'The job ended its workers',
          crashes .. ' workers died or fell silent while holding it; look at their logs and memory, then retry it'))
      else
        make_ready(j, crashes > 1 and NOW + tonumber(ARGV[4]) * 2 ^ math.min(crashes - 2, 20) or nil, fields)
      end
    else
      redis.call('ZREM', leased, id)
    end
  end
  if budget <= 0 then
    more = 1
    break
  end
end

local late = redis.call('ZRANGE', P .. 'deadlines', '-inf', num(NOW), 'BYSCORE', 'LIMIT', 0, 100)
for _, id in ipairs(late) do
  redis.call('ZREM', P .. 'deadlines', id)
  local j = load_job(id)
  if j and not TERMINAL[j.state] then
    close(j, 'expired', {'fence', 0}, failure('expired', 'The deadline has passed', 'it had not finished by then'))
    reaped = reaped + 1
  end
end
if #late == 100 then more = 1 end

local ending = redis.call('SRANDMEMBER', P .. 'ending')
if ending then
  cancel_children(ending, 100)
  more = redis.call('EXISTS', P .. 'ending') == 1 and 1 or more
end
settle()

-- Parked jobs whose place became free by another way than an end: a raised limit.
budget = 100
for _, kind in ipairs(kinds) do
  for _, tenant in ipairs(redis.call('SRANDMEMBER', queue_key(kind, 'parked'), 100)) do
    if budget > 0 then budget = budget - unpark(kind, tenant, budget) end
  end
  if budget <= 0 and not control(kind).tenant_max_running then more = 1 end
end

-- Payloads and results whose time is over.
for name, ttl in pairs({texts = setting('text_ttl_ms'), letters = setting('ttl_ms')}) do
  local due = redis.call('ZRANGE', P .. name, '-inf', num(NOW - ttl), 'BYSCORE', 'LIMIT', 0, 100)
  for _, id in ipairs(due) do
    local v = redis.call('HMGET', job_key(id), 'state', 'parent')
    local parent = v[2] and redis.call('HGET', job_key(v[2]), 'state')
    if parent and not TERMINAL[parent] then
      -- Its parent may still ask for it.
      redis.call('ZADD', P .. name, num(NOW), id)
    else
      redis.call('ZREM', P .. name, id)
      if TERMINAL[v[1] or ''] then
        redis.call('HDEL', job_key(id), 'payload', 'result')
        redis.call('UNLINK', part_key(id))
        expire_later(id, v[2])
      end
    end
  end
  if #due == 100 then more = 1 end
end

-- A walk over all jobs, a slice a call: names of what has expired go, and a running job that has no lease gets one.
local walk = redis.call('ZRANGE', P .. 'jobs', meta[4] and '(' .. meta[4] or '-inf', '+inf', 'BYSCORE', 'LIMIT', 0, 100,
  'WITHSCORES')
for i = 1, #walk, 2 do
  local id = walk[i]
  local v = redis.call('HMGET', job_key(id), 'state', 'kind')
  if not v[1] then
    redis.call('ZREM', P .. 'jobs', id)
    redis.call('UNLINK', job_key(id) .. ':kids', job_key(id) .. ':open', P .. 'ev:job:' .. id, part_key(id))
  elseif v[1] == 'running' and not redis.call('ZSCORE', queue_key(v[2], 'leased'), id) then
    -- A living holder extends it with its next heartbeat.
    redis.call('ZADD', queue_key(v[2], 'leased'), num(NOW + lease), id)
    count(v[2], 'repaired')
  end
end
if #walk == 200 then redis.call('HSET', KEYS[1], 'walk', walk[200]) else redis.call('HDEL', KEYS[1], 'walk') end
for _, run in ipairs(redis.call('ZRANGE', P .. 'runs', 0, 9)) do
  if redis.call('EXISTS', run_key(run)) == 0 then redis.call('ZREM', P .. 'runs', run) end
end
settle()
return {reaped, NOW, more}
