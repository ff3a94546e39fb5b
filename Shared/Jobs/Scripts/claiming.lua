-- Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0
-- Taking jobs, for the scripts that do: put between the prelude and their bodies. Arguments and reply are those of
-- claim.lua.
local function claim(ARGV)
  local reply = {-1}
  local limit = tonumber(ARGV[3])
  local lease_end = num(NOW + tonumber(ARGV[2]))

  -- Adds a running job to the reply, with what its payload refers to.
  local function hand_out(j)
    local job = {
      j.id, j.fence, j.attempts + j.crashes + j.interruptions + 1, j.kind, j.version or '1', j.payload, j.tenant,
      j.prio, j.run, j.stage, j.parent, j.traceparent, j.deadline, j.since and math.max(0, j.started - j.since), j.attempts,
    }
    for stage in string.gmatch(j.refs or '', '[^,]+') do
      job[#job + 1] = {stage, call('HGET', job_key(j.run .. '.' .. stage), 'result')}
    end
    reply[#reply + 1] = job
  end

  local last_claim = P .. 'claim:' .. ARGV[1]
  local known = call('GET', last_claim) or ''
  for request, jobs in string.gmatch(known, '(%S+) (%S+)\n') do
    if request == ARGV[4] then
      for id, fence in string.gmatch(jobs, '([^,]+)=(%d+)') do
        local j = load_job(id, true)
        if j and j.state == 'running' and j.fence == fence then
          j.started = call('HGET', j.key, 'started')
          call('ZADD', queue_key(j.kind, 'leased'), lease_end, id)
          hand_out(j)
        end
      end
      return reply
    end
  end

  -- Makes due jobs ready; notes when the next one is.
  local function promote(kind)
    local delayed = queue_key(kind, 'delayed')
    for _ = 1, 100 do
      local head = call('ZRANGE', delayed, 0, 0, 'WITHSCORES')
      if not head[1] then return end
      local left = head[2] - NOW
      if left > 0 then
        if reply[1] < 0 or left < reply[1] then reply[1] = left end
        return
      end
      local j = load_job(head[1])
      if j and j.state == 'delayed' then make_ready(j) else call('ZREM', delayed, head[1]) end
    end
    reply[1] = 0
  end

  -- The queues to take from: how many of each may be running yet, and the heads that were read.
  local queues = {}
  for i = 6, #ARGV do
    local kind = ARGV[i]
    local c = control(kind)
    if not c.paused then
      promote(kind)
      local room = c.max_running and c.max_running - call('ZCARD', queue_key(kind, 'leased')) or math.huge
      if room > 0 then queues[#queues + 1] = {kind = kind, room = room, heads = {}, at = 1} end
    end
  end

  -- What the worker has loaded; nil where it keeps no models. With it, a job of another model is passed over for one
  -- further behind, at most `LOOK` places and a minute of order (a step of priority): but never more than `PASSES` times,
  -- nor later than `PATIENCE` ms after the first time. For its first `HOLD` ms a job is left to workers that have its
  -- model and have asked for jobs within a lease.
  local LOOK, PASSES, PATIENCE, HOLD, REACH = 32, 16, 30000, 2000, 60000 * 1024
  local loaded = ARGV[5] ~= '' and {} or nil
  local models = P .. 'models'
  local own_calls, is_bare = {}, true
  for tag in string.gmatch(ARGV[5], '[^,]+') do
    loaded[tag], is_bare = true, false
    own_calls[#own_calls + 1] = P .. 'call:' .. tag
    call('ZADD', models, lease_end, tag)
  end
  if not is_bare then call('ZREMRANGEBYSCORE', models, '-inf', NOW_TEXT) end

  -- Until when each model is had by a worker.
  local had = {}
  local function is_had(tag)
    if had[tag] == nil then had[tag] = tonumber(call('ZSCORE', models, tag) or 0) > NOW end
    return had[tag]
  end

  -- The head of a queue: its id and its place.
  local function head(q)
    if not q.heads[q.at] and not q.is_empty then
      local n = math.min(100, limit + 1 - #reply)
      if loaded then n = math.max(n, LOOK) end
      -- Those read before leave the set.
      write_indexes()
      q.heads = call('ZRANGE', queue_key(q.kind, 'ready'), 0, n - 1, 'WITHSCORES')
      q.at, q.is_whole = 1, true
      q.is_empty = #q.heads == 0
    end
    return q.heads[q.at], tonumber(q.heads[q.at + 1])
  end

  -- Ms until the first of what was left to others is left no more.
  local left_for

  -- Takes the job out of a queue's heads that the worker had best do: the first of what it has loaded, or whose turn it
  -- is by now; else the first that is not left to others. Notes who is passed over. Nil where all are left to others;
  -- those workers are called.
  local function prefer(q)
    local heads, passed, calls = q.heads, {}, {}
    local other, first, wait
    local function take(i)
      q.is_whole = false
      local id = table.remove(heads, i)
      table.remove(heads, i)
      return id
    end
    local last = math.min(#heads, q.at + 2 * LOOK - 1)
    for i = q.at, last, 2 do
      local place = tonumber(heads[i + 1])
      if first and place - first > REACH then break end
      local v = call('HMGET', job_key(heads[i]), 'affinity', 'passed', 'passed_since', 'since')
      local is_due = tonumber(v[2] or 0) >= PASSES or v[3] and NOW - v[3] > PATIENCE
      local is_own = not v[1] or loaded[v[1]] or is_due
      local hold = not is_own and v[4] and v[4] + HOLD - NOW or 0
      if hold > 0 and is_had(v[1]) then
        q.has_left = true
        wait = math.min(wait or hold, hold)
        calls[v[1]] = true
      elseif is_own or is_bare then
        for _, one in ipairs(passed) do
          call('HINCRBY', job_key(one.id), 'passed', 1)
          if not one.since then call('HSET', job_key(one.id), 'passed_since', NOW_TEXT) end
        end
        return take(i)
      else
        other, first = other or i, first or place
        passed[#passed + 1] = {id = heads[i], since = v[3]}
      end
    end
    if other then return take(other) end
    if not q.is_whole then
      -- What was behind those that were taken may be for this worker.
      q.heads, q.at = {}, 1
      if head(q) then return prefer(q) end
      return nil
    end
    q.is_left = true
    left_for = math.min(left_for or wait, wait)
    for tag in pairs(calls) do
      local key = P .. 'call:' .. tag
      if call('EXISTS', key) == 0 then
        call('LPUSH', key, 1)
        call('PEXPIRE', key, HOLD)
      end
    end
    return nil
  end

  -- Takes the best head; nil where all queues are empty or full.
  local function take_best()
    local best, best_id, best_score
    for _, q in ipairs(queues) do
      if q.room > 0 and not q.is_left then
        local id, score = head(q)
        if id and (not best or score < best_score) then best, best_id, best_score = q, id, score end
      end
    end
    if best and loaded then
      best_id = prefer(best)
      if not best_id then return take_best() end
    elseif best then best.at = best.at + 2 end
    return best, best_id
  end

  local used = {}
  -- Whether a tenant may have one more running job of the kind.
  local function has_slot(j)
    local most = control(j.kind).tenant_max_running
    if not most or j.parent then return true end
    local key = tenant_key(j, 'slots')
    used[key] = used[key] or call('SCARD', key)
    if used[key] >= most then return false end
    used[key] = used[key] + 1
    return true
  end

  local fence
  local claimed = {}
  local looks = 0
  while #reply <= limit do
    if looks == limit + 100 then
      -- More to park or to end than one call may: look again at once.
      reply[1] = 0
      break
    end
    looks = looks + 1
    local q, id = take_best()
    if not q then break end
    local j = load_job(id, true)
    if not j or j.state ~= 'ready' then
      call('ZREM', queue_key(q.kind, 'ready'), id)
    elseif j.deadline and tonumber(j.deadline) <= NOW then
      close(j, 'expired', nil, failure('expired', 'The deadline has passed', 'no worker was free in time'))
    elseif not has_slot(j) then
      park(j)
    else
      fence = fence or tonumber(call('GET', P .. 'fence') or '0')
      fence = math.max(fence + 1, US)
      j.fence, j.started = num(fence), NOW_TEXT
      enter(j, 'running', {'fence', j.fence, 'owner', ARGV[1], 'started', j.started})
      join_at(queue_key(j.kind, 'leased'), lease_end, id)
      if not j.parent then join(tenant_key(j, 'slots'), id) end
      count(j.kind, 'claimed')
      q.room = q.room - 1
      claimed[#claimed + 1] = id .. '=' .. j.fence
      hand_out(j)
    end
  end
  if fence then
    call('SET', P .. 'fence', num(fence))
    -- With the one before: a worker has two calls under way at most.
    call('SET', last_claim, ARGV[4] .. ' ' .. table.concat(claimed, ',') .. '\n'
      .. (string.match(known, '^[^\n]*\n') or ''), 'PX', ARGV[2])
  end
  settle()

  if #reply <= limit then
    if left_for and (reply[1] < 0 or left_for < reply[1]) then reply[1] = left_for end
    for _, q in ipairs(queues) do
      -- With nothing ready, or all left to others, every token is of a job that is gone or seen to.
      local is_seen = q.is_left and call('ZCARD', queue_key(q.kind, 'ready')) <= LOOK
      if is_seen or call('EXISTS', queue_key(q.kind, 'ready')) == 0 then call('DEL', queue_key(q.kind, 'wake')) end
    end
    if #own_calls > 0 then call('DEL', unpack(own_calls)) end
  else
    -- This worker looks no more for now: another one is to see when they are left no longer.
    for _, q in ipairs(queues) do if q.has_left then wake(q.kind) end end
    flush()
  end
  return reply
end
