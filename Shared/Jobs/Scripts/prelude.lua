-- Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0
-- What every transition shares. Put between a script's first line (#!lua) and its body, so that each transition stays
-- one atomic script. KEYS[1] is always the deployment's `meta` key; all other keys are made from its prefix and carry
-- the same hash tag. Clock: the server's. A missing reply is `false`. Numbers go out by `num`: plain concatenation
-- would drop digits of anything above 1e14.

local P = string.sub(KEYS[1], 1, -5)
local time = redis.call('TIME')
local US = time[1] * 1000000 + time[2]
local NOW = math.floor(US / 1000)

local function num(n) return string.format('%.0f', n) end
local function job_key(id) return P .. 'job:' .. id end
local function run_key(run) return P .. 'run:' .. run end
local function queue_key(kind, what) return P .. 'q:' .. kind .. ':' .. what end
local function count(kind, name) redis.call('HINCRBY', queue_key(kind, 'stats'), name, 1) end
local function setting(name, default) return tonumber(redis.call('HGET', KEYS[1], name) or default) end

local TERMINAL = {
  succeeded = true, failed = true, dead = true, cancelled = true, expired = true, upstream_failed = true,
}

local FIELDS = {
  'state', 'kind', 'run', 'stage', 'parent', 'prio', 'fence', 'done', 'attempts', 'crashes', 'max_attempts',
  'max_crashes', 'score', 'cancel', 'on_failure', 'refs', 'deadline',
}

-- The job's deciding fields, or nil where there is none.
local function load_job(id)
  local values = redis.call('HMGET', job_key(id), unpack(FIELDS))
  if not values[1] then return nil end
  local j = {id = id}
  for i, name in ipairs(FIELDS) do j[name] = values[i] end
  return j
end

-- A number that grows with every call and with time: its last use plus one, or the clock in 1/1024 ms.
local function next_order()
  local order = math.max(tonumber(redis.call('GET', P .. 'order') or '0') + 1, NOW * 1024)
  redis.call('SET', P .. 'order', num(order))
  return order
end

-- One event under one id in the stream of all, of the job and of its run.
local function emit(what, j, ...)
  local fields = {'e', what, 'j', j.id}
  if j.run then
    fields[5], fields[6], fields[7], fields[8] = 'r', j.run, 's', j.stage
  end
  for _, value in ipairs({...}) do fields[#fields + 1] = value end
  local id = redis.call('XADD', P .. 'ev', 'MAXLEN', '~', '100000', '*', unpack(fields))
  redis.call('XADD', P .. 'ev:job:' .. j.id, 'MAXLEN', '~', '10000', id, unpack(fields))
  if j.run then redis.call('XADD', P .. 'ev:run:' .. j.run, 'MAXLEN', '~', '10000', id, unpack(fields)) end
end

-- Takes a job out of the index of the state it is in.
local function unindex(j)
  if j.state == 'ready' then redis.call('ZREM', queue_key(j.kind, 'ready'), j.id)
  elseif j.state == 'delayed' then redis.call('ZREM', queue_key(j.kind, 'delayed'), j.id)
  elseif j.state == 'running' then redis.call('ZREM', queue_key(j.kind, 'leased'), j.id)
  elseif j.state == 'waiting' then redis.call('SREM', queue_key(j.kind, 'waiting'), j.id)
  elseif j.state == 'dead' then redis.call('ZREM', queue_key(j.kind, 'dead'), j.id) end
end

local function wake(kind)
  local key = queue_key(kind, 'wake')
  if redis.call('LLEN', key) < 64 then redis.call('LPUSH', key, 1) end
end

-- Into the ready set at the place the job had from the start, or at `due` into the delayed set.
local function make_ready(j, due)
  -- Since when it could be claimed: what was delayed could be when its pause was over, whoever noticed when.
  local since = j.state == 'delayed' and not due and {} or {'since', num(math.max(due or 0, NOW))}
  unindex(j)
  redis.call('HDEL', job_key(j.id), 'owner')
  if due and due > NOW then
    redis.call('ZADD', queue_key(j.kind, 'delayed'), num(due), j.id)
    j.state = 'delayed'
    -- A sleeper may be waiting longer than this job does: let it look at the next due time.
  else
    redis.call('ZADD', queue_key(j.kind, 'ready'), j.score, j.id)
    j.state = 'ready'
  end
  redis.call('HSET', job_key(j.id), 'state', j.state, unpack(since))
  wake(j.kind)
end

local function make_waiting(j)
  unindex(j)
  redis.call('SADD', queue_key(j.kind, 'waiting'), j.id)
  redis.call('HSET', job_key(j.id), 'state', 'waiting')
  j.state = 'waiting'
end

local function failure(type, title, detail, retryable)
  return cjson.encode({type = type, title = title, detail = detail, retryable = retryable or false})
end

local ended = {}
local ended_runs = {}

-- Ends a job. `settle` must follow before the script returns.
local function close(j, state, name, value)
  unindex(j)
  local key = job_key(j.id)
  redis.call('HSET', key, 'state', state, 'finished', num(NOW))
  redis.call('HDEL', key, 'owner')
  if name then redis.call('HSET', key, name, value) end
  if state == 'dead' then
    local dead = queue_key(j.kind, 'dead')
    redis.call('ZADD', dead, num(NOW), j.id)
    -- What died longer ago than jobs are kept is gone.
    redis.call('ZREMRANGEBYSCORE', dead, '-inf', num(NOW - tonumber(setting('ttl_ms', 604800000))))
  end
  if j.deadline then redis.call('ZREM', P .. 'deadlines', j.id) end
  if j.parent then redis.call('SREM', job_key(j.parent) .. ':open', j.id) end
  j.state = state
  count(j.kind, state)
  if name == 'error' then emit('state', j, 'st', state, 'er', value) else emit('state', j, 'st', state) end
  ended[#ended + 1] = j
end

-- Asks for cancellation: at once where nobody holds the job, else a flag its holder sees at its next heartbeat.
local function cancel_job(j)
  if TERMINAL[j.state] then return end
  if j.state == 'running' then
    if not j.cancel then
      redis.call('HSET', job_key(j.id), 'cancel', 1)
      j.cancel = '1'
      emit('cancel_requested', j)
    end
    return
  end
  close(j, 'cancelled', 'error', failure('cancelled', 'The job was cancelled', 'cancelled before it ran'))
end

-- Cancels what a job asked for, at most `limit` jobs; the rest is left in `ending` for the reaper.
local function cancel_children(id, limit)
  local open = job_key(id) .. ':open'
  for _, child in ipairs(redis.call('SRANDMEMBER', open, limit)) do
    redis.call('SREM', open, child)
    local c = load_job(child)
    if c then cancel_job(c) end
  end
  if redis.call('EXISTS', open) == 1 then redis.call('SADD', P .. 'ending', id)
  else redis.call('SREM', P .. 'ending', id) end
end

local function expire_job(id, ttl)
  for _, suffix in ipairs({'', ':deps', ':next', ':kids', ':open'}) do
    redis.call('PEXPIRE', job_key(id) .. suffix, ttl)
  end
  redis.call('PEXPIRE', P .. 'ev:job:' .. id, ttl)
end

local function stages_of(run)
  local names = {}
  for name in string.gmatch(redis.call('HGET', run_key(run), 'stages') or '', '[^,]+') do names[#names + 1] = name end
  return names
end

-- Ends a run whose stages have all ended, and starts the clock of everything it holds.
local function close_run(run)
  local failed, cancelled = false, false
  local names = stages_of(run)
  for _, name in ipairs(names) do
    local v = redis.call('HMGET', job_key(run .. '.' .. name), 'state', 'on_failure')
    if v[1] == 'cancelled' then cancelled = true
    elseif v[1] ~= 'succeeded' and v[2] ~= 'ignore' then
      if v[1] ~= 'upstream_failed' then failed = true
      elseif failed == false then failed = 'upstream' end
    end
  end
  local state = 'succeeded'
  if failed == true or (failed and not cancelled) then state = 'failed' elseif cancelled then state = 'cancelled' end
  if state ~= 'succeeded' and redis.call('HEXISTS', run_key(run), 'cancel') == 1 then state = 'cancelled' end
  redis.call('HSET', run_key(run), 'state', state, 'finished', num(NOW))
  local ttl = num(setting('ttl_ms', 604800000))
  for _, name in ipairs(names) do expire_job(run .. '.' .. name, ttl) end
  redis.call('PEXPIRE', run_key(run), ttl)
  redis.call('PEXPIRE', P .. 'ev:run:' .. run, ttl)
end

-- What follows from the jobs that ended: their children, the stages after them, their runs, their time to live.
local function settle()
  local i = 1
  while ended[i] do
    local j = ended[i]
    i = i + 1
    if redis.call('EXISTS', job_key(j.id) .. ':open') == 1 then cancel_children(j.id, 100) end
    if j.run then
      for _, id in ipairs(redis.call('SMEMBERS', job_key(j.id) .. ':next')) do
        redis.call('SREM', job_key(id) .. ':deps', j.id)
        local c = load_job(id)
        if c and c.state == 'waiting' then
          local needs = c.on_failure == 'fail' or string.find(c.refs or '', ',' .. j.stage .. ',', 1, true)
          if j.state ~= 'succeeded' and needs then
            close(c, 'upstream_failed', 'error', failure('upstream-failed', 'An earlier stage did not succeed',
              'the stage "' .. j.stage .. '" ended as ' .. j.state .. '; mend it and retry that stage'))
          elseif redis.call('SCARD', job_key(id) .. ':deps') == 0 then
            make_ready(c)
            emit('state', c, 'st', 'ready')
          end
        end
      end
      if redis.call('HINCRBY', run_key(j.run), 'open', -1) <= 0 then ended_runs[j.run] = true end
    else
      expire_job(j.id, num(j.parent and setting('child_ttl_ms', 86400000) or setting('ttl_ms', 604800000)))
    end
  end
  for run in pairs(ended_runs) do close_run(run) end
end

-- Creates a job's record; the caller indexes it.
local function create_job(id, m)
  local order = next_order()
  local j = {
    id = id, kind = m.kind, run = m.run, stage = m.stage, parent = m.parent, prio = m.prio, deadline = m.deadline,
    -- A step of priority is a head start of a minute: urgent work goes first, and nothing waits for ever.
    score = num(order - tonumber(m.prio) * 60000 * 1024),
  }
  redis.call('HSET', job_key(id), 'v', 1, 'state', 'new', 'kind', m.kind, 'version', m.version, 'payload', m.payload,
    'tenant', m.tenant, 'prio', m.prio, 'attempts', 0, 'crashes', 0, 'interruptions', 0,
    'max_attempts', m.max_attempts, 'max_crashes', m.max_crashes, 'fence', 0, 'score', j.score, 'sha', m.sha,
    'created', num(NOW), 'order', num(order))
  for _, name in ipairs({'run', 'stage', 'parent', 'traceparent', 'deadline', 'on_failure', 'refs', 'after'}) do
    if m[name] then redis.call('HSET', job_key(id), name, m[name]) end
  end
  redis.call('ZADD', P .. 'jobs', num(order), id)
  redis.call('SADD', P .. 'kinds', m.kind)
  if m.deadline then redis.call('ZADD', P .. 'deadlines', m.deadline, id) end
  count(m.kind, 'submitted')
  return j
end

-- The argument, or nil where it is empty.
local function optional(value) if value ~= '' then return value end end

-- Whether this attempt still holds the job: nil, or why not ('stale', or 'done' where the same call came before).
local function refusal(j, fence)
  if not j then return 'stale' end
  if j.state == 'running' and j.fence == fence then return nil end
  if j.done == fence then return 'done' end
  return 'stale'
end
