-- Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0
-- What every transition shares. Put between a script's first line (#!lua) and its body, so that each transition stays
-- one atomic script. KEYS[1] is always the deployment's `meta` key; all other keys are made from its prefix and carry
-- the same hash tag. Clock: the server's. A missing reply is `false`. Numbers go out by `num`: plain concatenation
-- would drop digits of anything above 1e14.
--
-- A script that changes a state calls `settle` before it returns: counters, tokens and all that follows from an end are
-- gathered until then, and written once.

local P = string.sub(KEYS[1], 1, -5)
local time = redis.call('TIME')
local US = time[1] * 1000000 + time[2]
local NOW = math.floor(US / 1000)

local function num(n) return string.format('%.0f', n) end
local NOW_TEXT = num(NOW)
local function job_key(id) return P .. 'job:' .. id end
local function run_key(run) return P .. 'run:' .. run end
-- Made once a call: a batch asks for each of them again and again.
local queue_keys = {}
local function queue_key(kind, what)
  local keys = queue_keys[kind]
  if not keys then
    keys = {}
    queue_keys[kind] = keys
  end
  local key = keys[what]
  if not key then
    key = P .. 'q:' .. kind .. ':' .. what
    keys[what] = key
  end
  return key
end
local function tenant_key(j, what) return queue_key(j.kind, what .. ':' .. j.tenant) end

-- The argument, or nil where it is empty.
local function optional(value) if value ~= '' then return value end end

local TERMINAL = {
  succeeded = true, failed = true, dead = true, cancelled = true, expired = true, upstream_failed = true,
}

-- How long things are kept, as `boot` has set it; read once a call.
local kept
local function setting(name)
  if not kept then
    local v = redis.call('HMGET', KEYS[1], 'ttl_ms', 'child_ttl_ms', 'text_ttl_ms')
    kept = {
      ttl_ms = tonumber(v[1] or 604800000), child_ttl_ms = tonumber(v[2] or 86400000),
      text_ttl_ms = tonumber(v[3] or 86400000),
    }
  end
  return kept[name]
end

-- Pause and limits of a queue; read once a call.
local controls = {}
local function control(kind)
  local c = controls[kind]
  if not c then
    local v = redis.call('HMGET', queue_key(kind, 'ctl'), 'paused', 'max_depth', 'max_running', 'tenant_max_depth',
      'tenant_max_running')
    c = {
      paused = v[1] == '1', max_depth = tonumber(v[2]), max_running = tonumber(v[3]),
      tenant_max_depth = tonumber(v[4]), tenant_max_running = tonumber(v[5]),
    }
    controls[kind] = c
  end
  return c
end

local counts = {}
local function count(kind, name, n)
  local key = queue_key(kind, 'stats')
  local c = counts[key]
  if not c then
    c = {}
    counts[key] = c
  end
  c[name] = (c[name] or 0) + (n or 1)
end

local woken = {}
local function wake(kind) woken[kind] = (woken[kind] or 0) + 1 end

-- Changes of the sets that every job passes through, by key: one command for all the jobs of a call. Who reads such a
-- set writes them first.
local leaving, joining = {}, {}
local function write_indexes()
  for key, command in pairs(leaving) do
    leaving[key] = nil
    redis.call(unpack(command))
  end
  for key, command in pairs(joining) do
    joining[key] = nil
    redis.call(unpack(command))
  end
end
local function leave(command, key, id)
  if joining[key] then write_indexes() end
  local c = leaving[key]
  if c then c[#c + 1] = id else leaving[key] = {command, key, id} end
end
local function join(key, id)
  local c = joining[key]
  if c then c[#c + 1] = id else joining[key] = {'SADD', key, id} end
end
local function join_at(key, score, id)
  local c = joining[key]
  if c then
    c[#c + 1] = score
    c[#c + 1] = id
  else
    joining[key] = {'ZADD', key, score, id}
  end
end

local has_emitted = false

-- Writes the indexes, the counters, and up to 64 tokens a kind for workers that sleep.
local function flush()
  write_indexes()
  if has_emitted then redis.call('XTRIM', P .. 'ev', 'MAXLEN', '~', '100000') end
  has_emitted = false
  for key, names in pairs(counts) do
    for name, n in pairs(names) do redis.call('HINCRBY', key, name, n) end
  end
  counts = {}
  for kind, n in pairs(woken) do
    local key = queue_key(kind, 'wake')
    local free = 64 - redis.call('LLEN', key)
    if n == 1 and free > 0 then
      redis.call('LPUSH', key, 1)
    elseif free > 0 then
      local tokens = {}
      for i = 1, math.min(n, free) do tokens[i] = 1 end
      redis.call('LPUSH', key, unpack(tokens))
    end
  end
  woken = {}
end

-- What decides about a job. Fields that have their usual value are not kept: `load_job` puts it in. Few jobs have one of
-- the second list, and those have `more`.
local FIELDS = {
  'state', 'kind', 'tenant', 'fence', 'done', 'attempts', 'crashes', 'score', 'cancel', 'log', 'kids', 'ev', 'more',
}
local RARE_FIELDS = {
  'run', 'stage', 'parent', 'prio', 'max_attempts', 'max_crashes', 'on_failure', 'refs', 'deadline', 'version',
  'traceparent',
}

-- The job's deciding fields, or nil where there is none.
local function load_job(id)
  local key = job_key(id)
  local values = redis.call('HMGET', key, unpack(FIELDS))
  if not values[1] or not values[2] then return nil end
  local j = {id = id, key = key}
  for i = 1, #FIELDS do j[FIELDS[i]] = values[i] end
  if j.more then
    values = redis.call('HMGET', key, unpack(RARE_FIELDS))
    for i = 1, #RARE_FIELDS do j[RARE_FIELDS[i]] = values[i] end
  end
  j.tenant = j.tenant or 'default'
  j.prio = j.prio or '0'
  j.attempts = tonumber(j.attempts or 0)
  j.crashes = tonumber(j.crashes or 0)
  j.max_attempts = tonumber(j.max_attempts or 3)
  j.max_crashes = tonumber(j.max_crashes or 3)
  return j
end

-- A number that grows with every call and with time: its last use plus one, or the clock in 1/1024 ms.
local last_order
local function next_order()
  if not last_order then last_order = tonumber(redis.call('GET', P .. 'order') or '0') end
  last_order = math.max(last_order + 1, NOW * 1024)
  return last_order
end

-- Keeps the last number given out.
local function keep_order() redis.call('SET', P .. 'order', num(last_order)) end

-- One event under one id in the stream of all and in that of its run; gives the id.
local function emit(what, j, ...)
  has_emitted = true
  if not j.run then return redis.call('XADD', P .. 'ev', '*', 'e', what, 'j', j.id, ...) end
  local id = redis.call('XADD', P .. 'ev', '*', 'e', what, 'j', j.id, 'r', j.run, 's', j.stage, ...)
  redis.call('XADD', P .. 'ev:run:' .. j.run, 'MAXLEN', '~', '10000', id, 'e', what, 'j', j.id, 'r', j.run, 's',
    j.stage, ...)
  return id
end

-- Adds a line to the job's log, `<event id> <state or kind of event> [error]`. Where that grows too long, the oldest
-- lines go, and the first says `<id of the last one lost> gap`. The caller writes the field.
local function note(j, id, word, detail)
  local line = id .. ' ' .. word
  -- A long error is read from the job itself.
  if detail and #detail <= 2048 then line = line .. ' ' .. detail end
  local log = (j.log or '') .. line .. '\n'
  if #log > 8192 then
    local cut = string.find(log, '\n', #log - 6144, true)
    local lost
    for found in string.gmatch(string.sub(log, 1, cut), '([^ \n]+) [^\n]*\n') do lost = found end
    log = lost .. ' gap\n' .. string.sub(log, cut + 1)
  end
  j.log = log
end

-- Tenants of whose jobs one has left the ready or the running: a parked one may follow.
local freed = {}
local function free_slot(j)
  if j.parent then return end
  local key = j.kind .. '\0' .. j.tenant
  local f = freed[key]
  if f then f.n = f.n + 1 else freed[key] = {kind = j.kind, tenant = j.tenant, n = 1} end
end

-- Takes a job out of the index of the state it is in.
local function unindex(j)
  if j.state == 'running' then
    leave('ZREM', queue_key(j.kind, 'leased'), j.id)
    if not j.parent then leave('SREM', tenant_key(j, 'slots'), j.id) end
    if control(j.kind).max_running then wake(j.kind) end
  elseif j.state == 'ready' then leave('ZREM', queue_key(j.kind, 'ready'), j.id)
  elseif j.state == 'delayed' then redis.call('ZREM', queue_key(j.kind, 'delayed'), j.id)
  elseif j.state == 'waiting' then redis.call('SREM', queue_key(j.kind, 'waiting'), j.id)
  elseif j.state == 'dead' then redis.call('ZREM', queue_key(j.kind, 'dead'), j.id)
  elseif j.state == 'parked' then
    local parked = tenant_key(j, 'parked')
    redis.call('ZREM', parked, j.id)
    if redis.call('EXISTS', parked) == 0 then redis.call('SREM', queue_key(j.kind, 'parked'), j.tenant) end
  end
end

-- Puts a job into a state: out of the old state's index, one event, the record with these further fields, flat. The
-- caller puts it into the new state's index.
local function enter(j, state, fields, failure)
  unindex(j)
  local id
  if failure then id = emit('state', j, 'st', state, 'er', failure) else id = emit('state', j, 'st', state) end
  note(j, id, state, failure)
  j.state = state
  redis.call('HSET', j.key or job_key(j.id), 'state', state, 'log', j.log, unpack(fields))
end

-- Into the ready set at the place the job had from the start, or at `due` into the delayed set.
local function make_ready(j, due, fields, failure)
  fields = fields or {}
  if due and due > NOW then
    if j.state == 'running' then free_slot(j) end
    -- A sleeper may be waiting longer than this job does: a token lets it look at the next due time.
    fields[#fields + 1] = 'since'
    fields[#fields + 1] = num(due)
    enter(j, 'delayed', fields, failure)
    redis.call('ZADD', queue_key(j.kind, 'delayed'), num(due), j.id)
  else
    -- Since when it can be claimed: what was delayed could be when its pause was over, whoever noticed when.
    if j.state ~= 'delayed' then
      fields[#fields + 1] = 'since'
      fields[#fields + 1] = NOW_TEXT
    end
    enter(j, 'ready', fields, failure)
    join_at(queue_key(j.kind, 'ready'), j.score, j.id)
  end
  wake(j.kind)
end

local function make_waiting(j, fields)
  enter(j, 'waiting', fields or {})
  redis.call('SADD', queue_key(j.kind, 'waiting'), j.id)
end

-- Ready, but for its tenant's limit.
local function park(j)
  enter(j, 'parked', {})
  redis.call('ZADD', tenant_key(j, 'parked'), j.score, j.id)
  redis.call('SADD', queue_key(j.kind, 'parked'), j.tenant)
  count(j.kind, 'parked')
end

-- Makes up to `n` of a tenant's parked jobs ready, as far as its limit allows. Gives how many.
local function unpark(kind, tenant, n)
  write_indexes()
  local limit = control(kind).tenant_max_running
  if limit then n = math.min(n, limit - redis.call('SCARD', queue_key(kind, 'slots:' .. tenant))) end
  if n <= 0 then return 0 end
  local ids = redis.call('ZRANGE', queue_key(kind, 'parked:' .. tenant), 0, n - 1)
  for _, id in ipairs(ids) do
    local j = load_job(id)
    if j and j.state == 'parked' then make_ready(j)
    else unindex({id = id, kind = kind, tenant = tenant, state = 'parked'}) end
  end
  return #ids
end

-- How many jobs of a kind are parked: one read for each tenant that has some.
local function parked_count(kind)
  local sum = 0
  for _, tenant in ipairs(redis.call('SMEMBERS', queue_key(kind, 'parked'))) do
    sum = sum + redis.call('ZCARD', queue_key(kind, 'parked:' .. tenant))
  end
  return sum
end

-- Whether `n` more jobs fit into a queue: nil, or {whose share is full, ms after which a place may be free}.
local function is_full(kind, tenant, n)
  local c = control(kind)
  if not c.max_depth and not c.tenant_max_depth then return nil end
  write_indexes()
  local what, depth
  if c.max_depth then
    depth = redis.call('ZCARD', queue_key(kind, 'ready')) + redis.call('ZCARD', queue_key(kind, 'delayed'))
      + redis.call('SCARD', queue_key(kind, 'waiting')) + parked_count(kind)
    if depth + n > c.max_depth then what = 'queue' end
  end
  if not what and c.tenant_max_depth then
    depth = redis.call('SCARD', queue_key(kind, 'open:' .. tenant))
      - redis.call('SCARD', queue_key(kind, 'slots:' .. tenant))
    if depth + n > c.tenant_max_depth then what = 'tenant' end
  end
  if not what then return nil end
  -- In the age of the oldest ready job about a queue's depth of jobs has left it.
  local oldest = redis.call('ZRANGE', queue_key(kind, 'ready'), 0, 0)[1]
  local since = oldest and redis.call('HGET', job_key(oldest), 'since')
  local age = since and math.max(0, NOW - since) or 0
  return {what, math.min(60000, math.max(1000, math.ceil(age / math.max(1, depth))))}
end

local function failure(type, title, detail, retryable)
  return cjson.encode({type = type, title = title, detail = detail, retryable = retryable or false})
end

local ended = {}
local ended_runs = {}

-- Ends a job; `fields` are further ones of its record, `error` its error. `settle` must follow before the script
-- returns.
local function close(j, state, fields, error)
  fields = fields or {}
  fields[#fields + 1] = 'finished'
  fields[#fields + 1] = NOW_TEXT
  if error then
    fields[#fields + 1] = 'error'
    fields[#fields + 1] = error
  end
  if j.state == 'running' or j.state == 'ready' then free_slot(j) end
  enter(j, state, fields, error)
  if state == 'dead' then
    local dead = queue_key(j.kind, 'dead')
    redis.call('ZADD', dead, num(NOW), j.id)
    -- What died longer ago than jobs are kept is gone.
    redis.call('ZREMRANGEBYSCORE', dead, '-inf', num(NOW - setting('ttl_ms')))
  end
  if j.deadline then redis.call('ZREM', P .. 'deadlines', j.id) end
  if j.parent then redis.call('SREM', job_key(j.parent) .. ':open', j.id)
  else leave('SREM', tenant_key(j, 'open'), j.id) end
  count(j.kind, state)
  ended[#ended + 1] = j
end

-- Asks for cancellation: at once where nobody holds the job, else a flag its holder sees at its next heartbeat.
local function cancel_job(j)
  if TERMINAL[j.state] then return end
  if j.state == 'running' then
    if not j.cancel then
      j.cancel = '1'
      note(j, emit('cancel_requested', j), 'cancel_requested')
      redis.call('HSET', job_key(j.id), 'cancel', 1, 'log', j.log)
    end
    return
  end
  close(j, 'cancelled', nil, failure('cancelled', 'The job was cancelled', 'cancelled before it ran'))
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

-- Starts the time to live of an ended job. Its payload and result go earlier where a retry can't need them; `reap`
-- sees to that, by the time in `texts` (or `letters`, for what may be retried).
local function retire(j, ttl, is_done)
  local key = job_key(j.id)
  redis.call('PEXPIRE', key, num(ttl))
  if j.ev then redis.call('PEXPIRE', P .. 'ev:job:' .. j.id, num(ttl)) end
  if j.kids then redis.call('PEXPIRE', key .. ':kids', num(ttl)) end
  if j.run then
    redis.call('PEXPIRE', key .. ':deps', num(ttl))
    redis.call('PEXPIRE', key .. ':next', num(ttl))
  end
  join_at(P .. (is_done and 'texts' or 'letters'), NOW_TEXT, j.id)
end

-- Ends the time to live of a job that is retried.
local function unretire(j)
  local key = job_key(j.id)
  for _, suffix in ipairs({'', ':deps', ':next', ':kids', ':open'}) do redis.call('PERSIST', key .. suffix) end
  redis.call('PERSIST', P .. 'ev:job:' .. j.id)
  redis.call('ZREM', P .. 'texts', j.id)
  redis.call('ZREM', P .. 'letters', j.id)
end

-- Removes an ended job and all that is only its own.
local function forget(j)
  unindex(j)
  local key = job_key(j.id)
  redis.call('UNLINK', key, key .. ':kids', key .. ':open', key .. ':deps', key .. ':next', P .. 'ev:job:' .. j.id)
  redis.call('ZREM', P .. 'jobs', j.id)
  redis.call('ZREM', P .. 'texts', j.id)
  redis.call('ZREM', P .. 'letters', j.id)
end

-- Whether neither a run nor a parent can need an ended job's result any more.
local function is_over(j)
  if j.run then return redis.call('HGET', run_key(j.run), 'state') ~= 'running' end
  return not j.parent or TERMINAL[redis.call('HGET', job_key(j.parent), 'state') or 'expired'] or false
end

-- Removes what an ended job was given, gave and told.
local function purge_job(j)
  local key = job_key(j.id)
  local error = redis.call('HGET', key, 'error')
  if error then
    local known, e = pcall(cjson.decode, error)
    if known and type(e) == 'table' then
      redis.call('HSET', key, 'error', failure(e.type, e.title, 'purged', e.retryable))
    else
      redis.call('HDEL', key, 'error')
    end
  end
  redis.call('HDEL', key, 'payload', 'result', 'progress')
  if j.log then redis.call('HSET', key, 'log', (string.gsub(j.log, '( [%a_]+) [^\n]*\n', '%1\n'))) end
  if j.ev then redis.call('UNLINK', P .. 'ev:job:' .. j.id) end
  redis.call('ZREM', P .. 'texts', j.id)
  redis.call('ZREM', P .. 'letters', j.id)
  -- A child that ended before its parent had its time to live from the list that it has just left.
  if j.parent and redis.call('PTTL', key) < 0 then
    redis.call('PEXPIRE', key, num(setting('child_ttl_ms')))
    redis.call('PEXPIRE', key .. ':kids', num(setting('child_ttl_ms')))
  end
  count(j.kind, 'purged')
end

local function stages_of(run)
  local names = {}
  for name in string.gmatch(redis.call('HGET', run_key(run), 'stages') or '', '[^,]+') do names[#names + 1] = name end
  return names
end

-- Ends a run whose stages have all ended, and starts the clock of everything it holds.
local function close_run(run)
  local failed, cancelled = false, false
  local stages = {}
  for i, name in ipairs(stages_of(run)) do
    local id = run .. '.' .. name
    local v = redis.call('HMGET', job_key(id), 'state', 'on_failure', 'ev', 'kids')
    stages[i] = {id = id, run = run, ev = v[3], kids = v[4]}
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
  local ttl = setting('ttl_ms')
  for _, stage in ipairs(stages) do retire(stage, ttl, state == 'succeeded') end
  redis.call('PEXPIRE', run_key(run), num(ttl))
  redis.call('PEXPIRE', P .. 'ev:run:' .. run, num(ttl))
end

-- A stage of which an earlier one has ended: it is ready, ends too, or waits on.
local function advance(id, parent)
  redis.call('SREM', job_key(id) .. ':deps', parent.id)
  local c = load_job(id)
  if not c or c.state ~= 'waiting' then return end
  local needs = c.on_failure == 'fail' or string.find(c.refs or '', ',' .. parent.stage .. ',', 1, true)
  if parent.state ~= 'succeeded' and needs then
    close(c, 'upstream_failed', nil, failure('upstream-failed', 'An earlier stage did not succeed',
      'the stage "' .. parent.stage .. '" ended as ' .. parent.state .. '; mend it and retry that stage'))
  elseif redis.call('SCARD', job_key(id) .. ':deps') == 0 then
    make_ready(c)
  end
end

-- What follows from the jobs that ended: their children, the stages after them, their runs, their time to live, and the
-- parked jobs that may run in their place. May be called more than once.
local function settle()
  local i = 1
  while ended[i] do
    local j = ended[i]
    i = i + 1
    if j.kids then cancel_children(j.id, 100) end
    if j.run then
      for _, id in ipairs(redis.call('SMEMBERS', job_key(j.id) .. ':next')) do advance(id, j) end
      if redis.call('HINCRBY', run_key(j.run), 'open', -1) <= 0 then ended_runs[j.run] = true end
    elseif not j.parent then
      retire(j, setting('ttl_ms'), j.state == 'succeeded')
    elseif TERMINAL[redis.call('HGET', job_key(j.parent), 'state') or 'expired'] then
      retire(j, setting('child_ttl_ms'), true)
    else
      -- Its parent may still ask for it: `reap` looks again when its time would be over.
      join_at(P .. 'texts', NOW_TEXT, j.id)
    end
  end
  ended = {}
  for run in pairs(ended_runs) do close_run(run) end
  ended_runs = {}
  for _, f in pairs(freed) do
    if control(f.kind).tenant_max_running then unpark(f.kind, f.tenant, f.n) end
  end
  freed = {}
  flush()
end

local named = {}
-- Creates a job's record in its first state, which `indexed` puts it into; ends with `settle` and `keep_order`.
local function create_job(id, m, indexed)
  local order = next_order()
  local j = {
    id = id, state = 'new', kind = m.kind, tenant = m.tenant, run = m.run, stage = m.stage, parent = m.parent,
    prio = m.prio, deadline = m.deadline,
    -- A step of priority is a head start of a minute: urgent work goes first, and nothing waits for ever.
    score = num(order - tonumber(m.prio) * 60000 * 1024),
  }
  local fields = {
    'kind', m.kind, 'payload', m.payload, 'tenant', m.tenant, 'score', j.score, 'sha', m.sha, 'created', NOW_TEXT,
    'order', num(order),
  }
  -- The usual values are not kept.
  local function keep(name, value, usual)
    if value and value ~= usual then
      fields[#fields + 1] = name
      fields[#fields + 1] = value
    end
  end
  local usual = #fields
  keep('version', m.version, '1')
  keep('prio', m.prio, '0')
  keep('max_attempts', m.max_attempts, '3')
  keep('max_crashes', m.max_crashes, '3')
  for _, name in ipairs({'run', 'stage', 'parent', 'traceparent', 'deadline', 'on_failure', 'refs', 'after'}) do
    keep(name, m[name])
  end
  if #fields > usual then keep('more', '1') end
  join_at(P .. 'jobs', num(order), id)
  if not named[m.kind] then
    named[m.kind] = {}
    redis.call('SADD', P .. 'kinds', m.kind)
  end
  if m.deadline then redis.call('ZADD', P .. 'deadlines', m.deadline, id) end
  if not m.parent then
    redis.call('SADD', tenant_key(j, 'open'), id)
    if not named[m.kind][m.tenant] then
      named[m.kind][m.tenant] = true
      redis.call('SADD', queue_key(m.kind, 'tenants'), m.tenant)
    end
  end
  count(m.kind, 'submitted')
  indexed(j, fields)
  return j
end

-- Whether this attempt still holds the job: nil, or why not ('stale', or 'done' where the same call came before).
local function refusal(j, fence)
  if j and j.state == 'running' and j.fence == fence then return nil end
  if j and j.done == fence then return 'done' end
  if j then redis.call('HINCRBY', queue_key(j.kind, 'stats'), 'stale_calls', 1) end
  return 'stale'
end
