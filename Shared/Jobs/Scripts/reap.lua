#!lua flags=allow-oom
-- Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0
-- Gives back jobs whose lease has ended, ends those past their deadline, goes on with what other scripts left.
-- After a restart or a stall of the server it waits a lease, so that living workers can say so.
-- KEYS: 1 meta
-- ARGV: 1 lease ms, 2 the server time in ms that the caller expects now, or '' where it has no idea,
--       3 '1' where the caller had no answer for a while, 4 pause ms after a second crash (doubling with each)
-- Returns: {jobs given back or ended, server time ms}
local lease = tonumber(ARGV[1])
local grace = tonumber(redis.call('HGET', KEYS[1], 'grace_until_ms') or '0')
-- The command may have waited in a stopped server's socket, or the clock has jumped.
local jumped = ARGV[2] ~= '' and math.abs(NOW - tonumber(ARGV[2])) > math.max(lease / 3, 2000)
if (jumped or ARGV[3] == '1') and grace < NOW + lease then
  grace = NOW + lease
  redis.call('HSET', KEYS[1], 'grace_until_ms', num(grace))
end
-- A grace hours away was written before the clock stepped back.
if NOW < grace and grace <= NOW + 3600000 then return {0, NOW} end

local reaped = 0
local budget = 100
for _, kind in ipairs(redis.call('SMEMBERS', P .. 'kinds')) do
  local leased = queue_key(kind, 'leased')
  for _, id in ipairs(redis.call('ZRANGE', leased, '-inf', num(NOW), 'BYSCORE', 'LIMIT', 0, budget)) do
    budget = budget - 1
    redis.call('ZREM', leased, id)
    local j = load_job(id)
    if j and j.state == 'running' then
      reaped = reaped + 1
      local crashes = redis.call('HINCRBY', job_key(id), 'crashes', 1)
      redis.call('HSET', job_key(id), 'fence', 0)
      count(kind, 'lease_expired')
      emit('lease_expired', j)
      if j.cancel then
        close(j, 'cancelled', 'error',
          failure('cancelled', 'The job was cancelled', 'its worker did not answer any more'))
      elseif crashes >= tonumber(j.max_crashes) then
        close(j, 'dead', 'error', failure('poison', 'The job ended its workers',
          crashes .. ' workers died or fell silent while holding it; look at their logs and memory, then retry it'))
      else
        make_ready(j, crashes > 1 and NOW + tonumber(ARGV[4]) * 2 ^ (crashes - 2) or nil)
        emit('state', j, 'st', j.state)
      end
    end
  end
  if budget <= 0 then break end
end

for _, id in ipairs(redis.call('ZRANGE', P .. 'deadlines', '-inf', num(NOW), 'BYSCORE', 'LIMIT', 0, 100)) do
  redis.call('ZREM', P .. 'deadlines', id)
  local j = load_job(id)
  if j and not TERMINAL[j.state] then
    redis.call('HSET', job_key(id), 'fence', 0)
    close(j, 'expired', 'error', failure('expired', 'The deadline has passed', 'it had not finished by then'))
    reaped = reaped + 1
  end
end

local ending = redis.call('SRANDMEMBER', P .. 'ending')
if ending then cancel_children(ending, 100) end
settle()

-- Lists of everything lose the names of what has expired.
for name, prefix in pairs({jobs = P .. 'job:', runs = P .. 'run:'}) do
  for _, id in ipairs(redis.call('ZRANGE', P .. name, 0, 9)) do
    if redis.call('EXISTS', prefix .. id) == 0 then redis.call('ZREM', P .. name, id) end
  end
end
return {reaped, NOW}
