#!lua flags=allow-oom
-- Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0
-- Audits a slice: first every job against the indexes, then every index and list against the jobs, then the runs. With
-- repair the index follows the job's state, which is the truth.
-- KEYS: 1 meta
-- ARGV: 1 '1' to repair, 2 cursor or '', 3 limit
-- Returns: {cursor of the next slice or '', jobs seen, how many findings were mended, {id, problem}…}
local mend = ARGV[1] == '1'
local limit = tonumber(ARGV[3])
local reply = {'', 0, 0}

-- Notes a problem of a job of this kind; runs the cure where asked.
local function found(id, problem, kind, cure)
  reply[#reply + 1] = {id, problem}
  if mend and cure then
    cure()
    reply[3] = reply[3] + 1
    if kind then count(kind, 'repaired') end
  end
end

-- Whether a record of something that was there at that time may have reached the end of its time to live.
local function may_have_expired(ms) return ms <= NOW - math.min(setting('ttl_ms'), setting('child_ttl_ms')) end

local SCORED = {ready = 'ready', delayed = 'delayed', running = 'leased', dead = 'dead'}

-- Whether the job is in the index of the state.
local function is_indexed(j, state)
  if SCORED[state] then return redis.call('ZSCORE', queue_key(j.kind, SCORED[state]), j.id) and true end
  if state == 'waiting' then return redis.call('SISMEMBER', queue_key(j.kind, 'waiting'), j.id) == 1 end
  if state == 'parked' then
    return redis.call('ZSCORE', tenant_key(j, 'parked'), j.id)
      and redis.call('SISMEMBER', queue_key(j.kind, 'parked'), j.tenant) == 1
  end
  return true
end

local function index(j)
  if j.state == 'ready' then
    redis.call('ZADD', queue_key(j.kind, 'ready'), j.score, j.id)
    wake(j.kind)
  elseif j.state == 'delayed' then
    redis.call('ZADD', queue_key(j.kind, 'delayed'), redis.call('HGET', job_key(j.id), 'since') or num(NOW), j.id)
    wake(j.kind)
  -- A living holder extends it with its next heartbeat.
  elseif j.state == 'running' then redis.call('ZADD', queue_key(j.kind, 'leased'), num(NOW + 15000), j.id)
  elseif j.state == 'dead' then
    redis.call('ZADD', queue_key(j.kind, 'dead'), redis.call('HGET', job_key(j.id), 'finished') or num(NOW), j.id)
  elseif j.state == 'waiting' then redis.call('SADD', queue_key(j.kind, 'waiting'), j.id)
  elseif j.state == 'parked' then
    redis.call('ZADD', tenant_key(j, 'parked'), j.score, j.id)
    redis.call('SADD', queue_key(j.kind, 'parked'), j.tenant)
  end
end

local STATES = {'waiting', 'ready', 'delayed', 'parked', 'running', 'dead'}

local function check_job(id, order)
  local j = load_job(id)
  if not j then
    local function remove() redis.call('ZREM', P .. 'jobs', id) end
    if not may_have_expired(order / 1024) then found(id, 'without-record', nil, remove)
    elseif mend then remove() end
    return
  end
  local is_open = not TERMINAL[j.state]
  local is_known = TERMINAL[j.state]
  for _, state in ipairs(STATES) do
    if state == j.state then is_known = true end
  end
  if not is_known then
    found(id, 'unknown-state')
    return
  end
  for _, state in ipairs(STATES) do
    local indexed = is_indexed(j, state)
    if state == j.state and not indexed then
      found(id, state == 'running' and 'without-lease' or 'not-indexed', j.kind, function() index(j) end)
    elseif state ~= j.state and indexed then
      found(id, 'wrongly-indexed', j.kind, function() unindex({id = id, kind = j.kind, tenant = j.tenant, parent = 'any',
        state = state}) end)
    end
  end
  local function holds(what, must)
    local key = tenant_key(j, what)
    local is_in = redis.call('SISMEMBER', key, id) == 1
    if must and not is_in then
      found(id, 'wrong-slot', j.kind, function()
        redis.call('SADD', key, id)
        redis.call('SADD', queue_key(j.kind, 'tenants'), j.tenant)
      end)
    elseif is_in and not must then
      found(id, 'wrong-slot', j.kind, function()
        redis.call('SREM', key, id)
        free_slot(j)
      end)
    end
  end
  holds('slots', j.state == 'running' and not j.parent)
  holds('open', is_open and not j.parent)
  if not is_open and redis.call('PTTL', j.key) < 0 and not redis.call('ZSCORE', P .. 'texts', id) and is_over(j) then
    found(id, 'not-indexed', j.kind, function() redis.call('ZADD', P .. 'texts', NOW_TEXT, id) end)
  end
  if redis.call('SISMEMBER', P .. 'kinds', j.kind) == 0 then
    found(id, 'not-listed', j.kind, function() redis.call('SADD', P .. 'kinds', j.kind) end)
  end
  if j.deadline and is_open and not redis.call('ZSCORE', P .. 'deadlines', id) then
    found(id, 'not-indexed', j.kind, function() redis.call('ZADD', P .. 'deadlines', j.deadline, id) end)
  end
  if j.parent and is_open then
    local kids = job_key(j.parent) .. ':kids'
    if redis.call('EXISTS', job_key(j.parent)) == 1 and redis.call('SISMEMBER', kids, id) == 0 then
      found(id, 'not-listed', j.kind, function()
        redis.call('SADD', kids, id)
        redis.call('SADD', job_key(j.parent) .. ':open', id)
        keep_more(j.parent, 'kids', 1)
      end)
    end
  end
  if j.state == 'waiting' and j.run then
    local is_stuck, waits = false, false
    for _, dep in ipairs(redis.call('SMEMBERS', job_key(id) .. ':deps')) do
      local parent = load_job(dep)
      if not parent or TERMINAL[parent.state] then is_stuck = true else waits = true end
    end
    if is_stuck or not waits then
      found(id, 'stuck', j.kind, function()
        for _, dep in ipairs(redis.call('SMEMBERS', job_key(id) .. ':deps')) do
          local parent = load_job(dep)
          if not parent then redis.call('SREM', job_key(id) .. ':deps', dep)
          elseif TERMINAL[parent.state] then advance(id, parent) end
        end
        local now = load_job(id)
        if now.state == 'waiting' and redis.call('SCARD', job_key(id) .. ':deps') == 0 then make_ready(now) end
      end)
    end
  end
end

-- An entry of an index: its job must be there, and listed.
local function check_entry(id, list, remove)
  local v = redis.call('HMGET', job_key(id), 'state', 'order')
  if not v[1] then
    -- The name of an ended job outlives its record for a while.
    local ended_at = list.by_end and redis.call('ZSCORE', list.key, id)
    if ended_at and may_have_expired(tonumber(ended_at)) then
      if mend then remove() end
    else
      found(id, 'without-record', list.kind, remove)
    end
  elseif v[2] and not redis.call('ZSCORE', P .. 'jobs', id) then
    found(id, 'not-listed', list.kind, function() redis.call('ZADD', P .. 'jobs', v[2], id) end)
  end
end

local function check_run(run)
  local v = redis.call('HMGET', run_key(run), 'state', 'open')
  if not v[1] then
    found(run, 'without-record', nil, function() redis.call('ZREM', P .. 'runs', run) end)
    return
  end
  local open = 0
  for _, name in ipairs(stages_of(run)) do
    local state = redis.call('HGET', job_key(run .. '.' .. name), 'state')
    if state and not TERMINAL[state] then open = open + 1 end
  end
  if v[1] == 'running' and (tonumber(v[2]) ~= open or open == 0) then
    found(run, 'wrong-run-count', nil, function()
      redis.call('HSET', run_key(run), 'open', open)
      if open == 0 then ended_runs[run] = true end
    end)
  elseif v[1] ~= 'running' and open > 0 then
    found(run, 'wrong-run-count', nil, function()
      redis.call('HSET', run_key(run), 'open', open, 'state', 'running')
      redis.call('HDEL', run_key(run), 'finished')
      redis.call('PERSIST', run_key(run))
    end)
  end
end

-- The lists to walk after the jobs: those of each queue, of its tenants, and of the deployment.
local function lists()
  local all = {}
  local function add(key, type, kind, by_end) all[#all + 1] = {key = key, type = type, kind = kind, by_end = by_end} end
  local kinds = redis.call('SMEMBERS', P .. 'kinds')
  table.sort(kinds)
  for _, kind in ipairs(kinds) do
    for _, name in ipairs({'ready', 'delayed', 'leased'}) do add(queue_key(kind, name), 'z', kind) end
    add(queue_key(kind, 'dead'), 'z', kind, true)
    add(queue_key(kind, 'waiting'), 's', kind)
    local tenants = redis.call('SMEMBERS', queue_key(kind, 'tenants'))
    table.sort(tenants)
    for _, tenant in ipairs(tenants) do
      add(queue_key(kind, 'parked:' .. tenant), 'z', kind)
      add(queue_key(kind, 'slots:' .. tenant), 's', kind)
      add(queue_key(kind, 'open:' .. tenant), 's', kind)
    end
  end
  add(P .. 'deadlines', 'z')
  add(P .. 'texts', 'z', nil, true)
  add(P .. 'letters', 'z', nil, true)
  return all
end

-- The cursor: phase (j jobs, i lists, r runs), for lists the list's key, and the place in it.
local phase, rest = string.match(ARGV[2], '^(%a):(.*)$')
phase = phase or 'j'
rest = rest or ''
if phase == 'j' then
  local page = redis.call('ZRANGE', P .. 'jobs', rest == '' and '-inf' or '(' .. rest, '+inf', 'BYSCORE', 'LIMIT', 0,
    limit, 'WITHSCORES')
  for i = 1, #page, 2 do
    reply[2] = reply[2] + 1
    check_job(page[i], tonumber(page[i + 1]))
  end
  reply[1] = #page == 2 * limit and 'j:' .. page[#page] or 'i:'
elseif phase == 'i' then
  local place, key = string.match(rest, '^(%d+):(.*)$')
  place = tonumber(place) or 0
  local all = lists()
  local at = 1
  for i, list in ipairs(all) do
    if list.key == key then at = i end
  end
  local budget = limit
  while all[at] and budget > 0 do
    local list = all[at]
    local name, type = list.key, list.type
    local ids, next_place
    if type == 'z' then
      -- From the end, by rank: what is removed on the way moves nothing that is still to come.
      local size = redis.call('ZCARD', name)
      if place == 0 then place = size end
      local first = math.max(0, place - budget)
      ids = place > 0 and redis.call('ZRANGE', name, first, place - 1) or {}
      next_place = first
    else
      local page = redis.call('SSCAN', name, place, 'COUNT', budget)
      ids, next_place = page[2], tonumber(page[1])
    end
    for _, id in ipairs(ids) do
      check_entry(id, list, function() redis.call(type == 'z' and 'ZREM' or 'SREM', name, id) end)
    end
    budget = budget - math.max(1, #ids)
    place = next_place
    if next_place == 0 then at = at + 1 end
  end
  reply[1] = all[at] and 'i:' .. num(place) .. ':' .. all[at].key or 'r:'
else
  local page = redis.call('ZRANGE', P .. 'runs', rest == '' and '-inf' or '(' .. rest, '+inf', 'BYSCORE', 'LIMIT', 0,
    limit, 'WITHSCORES')
  for i = 1, #page, 2 do check_run(page[i]) end
  if #page == 2 * limit then reply[1] = 'r:' .. page[#page] end
end
settle()
return reply
