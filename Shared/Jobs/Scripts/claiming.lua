-- Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0
-- Taking jobs, for the scripts that do: put between the prelude and their bodies. Arguments and reply are those of
-- claim.lua.
local function claim(ARGV)
  local reply = {-1}
  local lease_end = num(NOW + tonumber(ARGV[2]))

  -- Adds a running job to the reply, with what its payload refers to.
  local function hand_out(j)
    local v = redis.call('HMGET', job_key(j.id), 'kind', 'version', 'payload', 'tenant', 'prio', 'run', 'stage', 'parent',
      'traceparent', 'deadline', 'attempts', 'crashes', 'interruptions', 'since')
    local job = {j.id, j.fence, v[11] + v[12] + v[13] + 1, unpack(v, 1, 10)}
    job[14] = v[14] and math.max(0, NOW - v[14])
    for stage in string.gmatch(j.refs or '', '[^,]+') do
      job[#job + 1] = {stage, redis.call('HGET', job_key(j.run .. '.' .. stage), 'result')}
    end
    reply[#reply + 1] = job
  end

  local last_claim = P .. 'claim:' .. ARGV[1]
  if redis.call('HGET', last_claim, 'request') == ARGV[4] then
    for id, fence in string.gmatch(redis.call('HGET', last_claim, 'jobs'), '([^,]+)=(%d+)') do
      local j = load_job(id)
      if j and j.state == 'running' and j.fence == fence then
        redis.call('ZADD', queue_key(j.kind, 'leased'), lease_end, id)
        hand_out(j)
      end
    end
    return reply
  end

  local kinds = {}
  for i = 5, #ARGV do
    local kind = ARGV[i]
    if redis.call('HGET', queue_key(kind, 'ctl'), 'paused') ~= '1' then
      kinds[#kinds + 1] = kind
      local due = redis.call('ZRANGE', queue_key(kind, 'delayed'), '-inf', num(NOW), 'BYSCORE', 'LIMIT', 0, 100)
      for _, id in ipairs(due) do
        local j = load_job(id)
        if j and j.state == 'delayed' then
          make_ready(j)
          emit('state', j, 'st', 'ready')
        else
          redis.call('ZREM', queue_key(kind, 'delayed'), id)
        end
      end
    end
  end

  local function take_best()
    local best, best_kind, best_score
    for _, kind in ipairs(kinds) do
      local head = redis.call('ZRANGE', queue_key(kind, 'ready'), 0, 0, 'WITHSCORES')
      if head[1] and (not best or tonumber(head[2]) < best_score) then
        best, best_kind, best_score = head[1], kind, tonumber(head[2])
      end
    end
    if best then redis.call('ZREM', queue_key(best_kind, 'ready'), best) end
    return best
  end

  local claimed = {}
  for _ = 1, tonumber(ARGV[3]) + 100 do
    if #reply > tonumber(ARGV[3]) then break end
    local id = take_best()
    if not id then break end
    local j = load_job(id)
    if j and j.state == 'ready' then
      if j.deadline and tonumber(j.deadline) <= NOW then
        close(j, 'expired', 'error', failure('expired', 'The deadline has passed', 'no worker was free in time'))
      else
        local fence = num(math.max(tonumber(redis.call('GET', P .. 'fence') or '0') + 1, US))
        redis.call('SET', P .. 'fence', fence)
        redis.call('HSET', job_key(id), 'state', 'running', 'fence', fence, 'owner', ARGV[1], 'started', num(NOW))
        redis.call('ZADD', queue_key(j.kind, 'leased'), lease_end, id)
        j.state, j.fence = 'running', fence
        count(j.kind, 'claimed')
        emit('state', j, 'st', 'running')
        claimed[#claimed + 1] = id .. '=' .. fence
        hand_out(j)
      end
    end
  end
  settle()
  if #claimed > 0 then
    redis.call('HSET', last_claim, 'request', ARGV[4], 'jobs', table.concat(claimed, ','))
    redis.call('PEXPIRE', last_claim, ARGV[2])
  end

  for _, kind in ipairs(kinds) do
    -- With nothing ready every token is of a job that is gone.
    if redis.call('EXISTS', queue_key(kind, 'ready')) == 0 then redis.call('DEL', queue_key(kind, 'wake')) end
    local due = redis.call('ZRANGE', queue_key(kind, 'delayed'), 0, 0, 'WITHSCORES')[2]
    if due then
      local left = math.max(0, due - NOW)
      if reply[1] < 0 or left < reply[1] then reply[1] = left end
    end
  end
  return reply
end
