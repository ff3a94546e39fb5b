-- Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0
-- What every transition shares. Put between a script's first line (#!lua) and its body, so that each transition stays
-- one atomic script. KEYS[1] is always the deployment's `meta` key; all other keys are made from its prefix and carry
-- the same hash tag. Clock: the server's. A missing reply is `false`. Numbers go out by `num`: plain concatenation
-- would drop digits of anything above 1e14.
--
-- A script that changes a state calls `settle` before it returns: counters, tokens and all that follows from an end are
-- gathered until then, and written once.

-- Locals are found faster than globals.
local call, unpack, format = redis.call, unpack, string.format
local P = string.sub(KEYS[1], 1, -5)
local time = call('TIME')
local US = time[1] * 1000000 + time[2]
local NOW = math.floor(US / 1000)

local function num(n) return format('%.0f', n) end
local NOW_TEXT = num(NOW)
local function job_key(id) return P .. 'job:' .. id end
local function run_key(run) return P .. 'run:' .. run end
local function part_key(id) return P .. 'parts:' .. id end
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
    local v = call('HMGET', KEYS[1], 'ttl_ms', 'child_ttl_ms', 'text_ttl_ms')
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
    local v = call('HMGET', queue_key(kind, 'ctl'), 'paused', 'max_depth', 'max_running', 'tenant_max_depth',
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
    call(unpack(command))
  end
  for key, command in pairs(joining) do
    joining[key] = nil
    call(unpack(command))
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
  if has_emitted then call('XTRIM', P .. 'ev', 'MAXLEN', '~', '100000') end
  has_emitted = false
  for key, names in pairs(counts) do
    for name, n in pairs(names) do call('HINCRBY', key, name, n) end
  end
  counts = {}
  for kind, n in pairs(woken) do
    local key = queue_key(kind, 'wake')
    local free = 64 - call('LLEN', key)
    if n == 1 and free > 0 then
      call('LPUSH', key, 1)
    elseif free > 0 then
      local tokens = {}
      for i = 1, math.min(n, free) do tokens[i] = 1 end
      call('LPUSH', key, unpack(tokens))
    end
  end
  woken = {}
end

-- The job as what decides about it, or nil where there is none; `claiming` also reads what a worker gets. Fields that have
-- their usual value are not kept, and what few jobs have is read only where the record has `more` (see `keep_more`). One
-- table of known size: to let it grow field by field costs more than all the rest.
local function load_job(id, claiming)
  local key = job_key(id)
  local v
  if claiming then
    v = call('HMGET', key, 'state', 'kind', 'tenant', 'fence', 'done', 'score', 'log', 'more', 'payload', 'since')
  else
    v = call('HMGET', key, 'state', 'kind', 'tenant', 'fence', 'done', 'score', 'log', 'more')
  end
  if not v[1] or not v[2] then return nil end
  local j = {
    id = id, key = key, state = v[1], kind = v[2], tenant = v[3] or 'default', fence = v[4], done = v[5], score = v[6],
    log = v[7], more = v[8], payload = v[9], since = v[10], prio = '0', attempts = 0, crashes = 0, interruptions = 0,
    max_attempts = 3, max_crashes = 3, run = false, stage = false, parent = false, traceparent = false,
    deadline = false, refs = false, version = false, on_failure = false, cancel = false, kids = false, ev = false,
  }
  if j.more then
    v = call('HMGET', key, 'run', 'stage', 'parent', 'prio', 'max_attempts', 'max_crashes', 'on_failure', 'refs',
      'deadline', 'version', 'traceparent', 'attempts', 'crashes', 'interruptions', 'cancel', 'kids', 'ev')
    j.run, j.stage, j.parent, j.prio, j.on_failure, j.refs = v[1], v[2], v[3], v[4] or '0', v[7], v[8]
    j.max_attempts, j.max_crashes = tonumber(v[5] or 3), tonumber(v[6] or 3)
    j.deadline, j.version, j.traceparent = v[9], v[10], v[11]
    j.attempts, j.crashes, j.interruptions = tonumber(v[12] or 0), tonumber(v[13] or 0), tonumber(v[14] or 0)
    j.cancel, j.kids, j.ev = v[15], v[16], v[17]
  end
  return j
end

-- Writes fields of a record, flat, that `load_job` reads only where there is `more`.
local function keep_more(id, ...) call('HSET', job_key(id), 'more', 1, ...) end

-- A number that grows with every call and with time: its last use plus one, or the clock in 1/1024 ms.
local last_order
local function next_order()
  if not last_order then last_order = tonumber(call('GET', P .. 'order') or '0') end
  last_order = math.max(last_order + 1, NOW * 1024)
  return last_order
end

-- Keeps the last number given out.
local function keep_order() call('SET', P .. 'order', num(last_order)) end

-- One event under one id in the stream of all and in that of its run; gives the id.
local function emit(what, j, ...)
  has_emitted = true
  if not j.run then return call('XADD', P .. 'ev', '*', 'e', what, 'j', j.id, ...) end
  local id = call('XADD', P .. 'ev', '*', 'e', what, 'j', j.id, 'r', j.run, 's', j.stage, ...)
  call('XADD', P .. 'ev:run:' .. j.run, 'MAXLEN', '~', '10000', id, 'e', what, 'j', j.id, 'r', j.run, 's',
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
  elseif j.state == 'delayed' then call('ZREM', queue_key(j.kind, 'delayed'), j.id)
  elseif j.state == 'waiting' then call('SREM', queue_key(j.kind, 'waiting'), j.id)
  elseif j.state == 'dead' then call('ZREM', queue_key(j.kind, 'dead'), j.id)
  elseif j.state == 'parked' then
    local parked = tenant_key(j, 'parked')
    call('ZREM', parked, j.id)
    if call('EXISTS', parked) == 0 then call('SREM', queue_key(j.kind, 'parked'), j.tenant) end
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
  call('HSET', j.key or job_key(j.id), 'state', state, 'log', j.log, unpack(fields))
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
    call('ZADD', queue_key(j.kind, 'delayed'), num(due), j.id)
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
  call('SADD', queue_key(j.kind, 'waiting'), j.id)
end

-- Ready, but for its tenant's limit.
local function park(j)
  enter(j, 'parked', {})
  call('ZADD', tenant_key(j, 'parked'), j.score, j.id)
  call('SADD', queue_key(j.kind, 'parked'), j.tenant)
  count(j.kind, 'parked')
end

-- Makes up to `n` of a tenant's parked jobs ready, as far as its limit allows. Gives how many.
local function unpark(kind, tenant, n)
  write_indexes()
  local limit = control(kind).tenant_max_running
  if limit then n = math.min(n, limit - call('SCARD', queue_key(kind, 'slots:' .. tenant))) end
  if n <= 0 then return 0 end
  local ids = call('ZRANGE', queue_key(kind, 'parked:' .. tenant), 0, n - 1)
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
  for _, tenant in ipairs(call('SMEMBERS', queue_key(kind, 'parked'))) do
    sum = sum + call('ZCARD', queue_key(kind, 'parked:' .. tenant))
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
    depth = call('ZCARD', queue_key(kind, 'ready')) + call('ZCARD', queue_key(kind, 'delayed'))
      + call('SCARD', queue_key(kind, 'waiting')) + parked_count(kind)
    if depth + n > c.max_depth then what = 'queue' end
  end
  if not what and c.tenant_max_depth then
    depth = call('SCARD', queue_key(kind, 'open:' .. tenant))
      - call('SCARD', queue_key(kind, 'slots:' .. tenant))
    if depth + n > c.tenant_max_depth then what = 'tenant' end
  end
  if not what then return nil end
  -- In the age of the oldest ready job about a queue's depth of jobs has left it.
  local oldest = call('ZRANGE', queue_key(kind, 'ready'), 0, 0)[1]
  local since = oldest and call('HGET', job_key(oldest), 'since')
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
    call('ZADD', dead, num(NOW), j.id)
    -- What died longer ago than jobs are kept is gone.
    call('ZREMRANGEBYSCORE', dead, '-inf', num(NOW - setting('ttl_ms')))
  end
  if j.deadline then call('ZREM', P .. 'deadlines', j.id) end
  if j.parent then call('SREM', job_key(j.parent) .. ':open', j.id)
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
      keep_more(j.id, 'cancel', 1, 'log', j.log)
    end
    return
  end
  close(j, 'cancelled', nil, failure('cancelled', 'The job was cancelled', 'cancelled before it ran'))
end

-- Cancels what a job asked for, at most `limit` jobs; the rest is left in `ending` for the reaper.
local function cancel_children(id, limit)
  local open = job_key(id) .. ':open'
  for _, child in ipairs(call('SRANDMEMBER', open, limit)) do
    call('SREM', open, child)
    local c = load_job(child)
    if c then cancel_job(c) end
  end
  if call('EXISTS', open) == 1 then call('SADD', P .. 'ending', id)
  else call('SREM', P .. 'ending', id) end
end

-- Starts the time to live of an ended job. Its payload and result go earlier where a retry can't need them; `reap`
-- sees to that, by the time in `texts` (or `letters`, for what may be retried). What is only a record and loses its texts
-- first gets its time to live with that: the common end is one command shorter.
local function retire(j, ttl, is_done)
  local key = job_key(j.id)
  if not is_done or j.ev or j.kids or j.run or setting('text_ttl_ms') >= ttl then call('PEXPIRE', key, num(ttl)) end
  if j.ev then call('PEXPIRE', P .. 'ev:job:' .. j.id, num(ttl)) end
  if j.kids then call('PEXPIRE', key .. ':kids', num(ttl)) end
  if j.run then
    call('PEXPIRE', key .. ':deps', num(ttl))
    call('PEXPIRE', key .. ':next', num(ttl))
  end
  join_at(P .. (is_done and 'texts' or 'letters'), NOW_TEXT, j.id)
end

-- The time to live of an ended job's record that has none yet, once its texts are gone.
local function expire_later(id, parent)
  local key = job_key(id)
  if call('PTTL', key) >= 0 then return end
  local left = parent and setting('child_ttl_ms') or math.max(1, setting('ttl_ms') - setting('text_ttl_ms'))
  call('PEXPIRE', key, num(left))
  call('PEXPIRE', key .. ':kids', num(left))
end

-- Ends the time to live of a job that is retried.
local function unretire(j)
  local key = job_key(j.id)
  for _, suffix in ipairs({'', ':deps', ':next', ':kids', ':open'}) do call('PERSIST', key .. suffix) end
  call('PERSIST', P .. 'ev:job:' .. j.id)
  call('ZREM', P .. 'texts', j.id)
  call('ZREM', P .. 'letters', j.id)
end

-- Removes an ended job and all that is only its own.
local function forget(j)
  unindex(j)
  local key = job_key(j.id)
  call('UNLINK', key, key .. ':kids', key .. ':open', key .. ':deps', key .. ':next', P .. 'ev:job:' .. j.id,
    part_key(j.id))
  call('ZREM', P .. 'jobs', j.id)
  call('ZREM', P .. 'texts', j.id)
  call('ZREM', P .. 'letters', j.id)
end

-- Whether neither a run nor a parent can need an ended job's result any more.
local function is_over(j)
  if j.run then return call('HGET', run_key(j.run), 'state') ~= 'running' end
  return not j.parent or TERMINAL[call('HGET', job_key(j.parent), 'state') or 'expired'] or false
end

-- Removes what an ended job was given, gave and told.
local function purge_job(j)
  local key = job_key(j.id)
  local error = call('HGET', key, 'error')
  if error then
    local known, e = pcall(cjson.decode, error)
    if known and type(e) == 'table' then
      call('HSET', key, 'error', failure(e.type, e.title, 'purged', e.retryable))
    else
      call('HDEL', key, 'error')
    end
  end
  call('HDEL', key, 'payload', 'result', 'progress')
  if j.log then call('HSET', key, 'log', (string.gsub(j.log, '( [%a_]+) [^\n]*\n', '%1\n'))) end
  if j.ev then call('UNLINK', P .. 'ev:job:' .. j.id) end
  call('UNLINK', part_key(j.id))
  call('ZREM', P .. 'texts', j.id)
  call('ZREM', P .. 'letters', j.id)
  expire_later(j.id, j.parent)
  count(j.kind, 'purged')
end

local function stages_of(run)
  local names = {}
  for name in string.gmatch(call('HGET', run_key(run), 'stages') or '', '[^,]+') do names[#names + 1] = name end
  return names
end

-- Ends a run whose stages have all ended, and starts the clock of everything it holds.
local function close_run(run)
  local failed, cancelled = false, false
  local stages = {}
  for i, name in ipairs(stages_of(run)) do
    local id = run .. '.' .. name
    local v = call('HMGET', job_key(id), 'state', 'on_failure', 'ev', 'kids')
    stages[i] = {id = id, run = run, ev = v[3], kids = v[4]}
    if v[1] == 'cancelled' then cancelled = true
    elseif v[1] ~= 'succeeded' and v[2] ~= 'ignore' then
      if v[1] ~= 'upstream_failed' then failed = true
      elseif failed == false then failed = 'upstream' end
    end
  end
  local state = 'succeeded'
  if failed == true or (failed and not cancelled) then state = 'failed' elseif cancelled then state = 'cancelled' end
  if state ~= 'succeeded' and call('HEXISTS', run_key(run), 'cancel') == 1 then state = 'cancelled' end
  call('HSET', run_key(run), 'state', state, 'finished', num(NOW))
  local ttl = setting('ttl_ms')
  for _, stage in ipairs(stages) do retire(stage, ttl, state == 'succeeded') end
  call('PEXPIRE', run_key(run), num(ttl))
  call('PEXPIRE', P .. 'ev:run:' .. run, num(ttl))
end

-- A stage of which an earlier one has ended: it is ready, ends too, or waits on.
local function advance(id, parent)
  call('SREM', job_key(id) .. ':deps', parent.id)
  local c = load_job(id)
  if not c or c.state ~= 'waiting' then return end
  local needs = c.on_failure == 'fail' or string.find(c.refs or '', ',' .. parent.stage .. ',', 1, true)
  if parent.state ~= 'succeeded' and needs then
    close(c, 'upstream_failed', nil, failure('upstream-failed', 'An earlier stage did not succeed',
      'the stage "' .. parent.stage .. '" ended as ' .. parent.state .. '; mend it and retry that stage'))
  elseif call('SCARD', job_key(id) .. ':deps') == 0 then
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
      for _, id in ipairs(call('SMEMBERS', job_key(j.id) .. ':next')) do advance(id, j) end
      if call('HINCRBY', run_key(j.run), 'open', -1) <= 0 then ended_runs[j.run] = true end
    elseif not j.parent then
      retire(j, setting('ttl_ms'), j.state == 'succeeded')
    elseif TERMINAL[call('HGET', job_key(j.parent), 'state') or 'expired'] then
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
  keep('affinity', m.affinity)
  join_at(P .. 'jobs', num(order), id)
  if not named[m.kind] then
    named[m.kind] = {}
    call('SADD', P .. 'kinds', m.kind)
  end
  if m.deadline then call('ZADD', P .. 'deadlines', m.deadline, id) end
  if not m.parent then
    call('SADD', tenant_key(j, 'open'), id)
    if not named[m.kind][m.tenant] then
      named[m.kind][m.tenant] = true
      call('SADD', queue_key(m.kind, 'tenants'), m.tenant)
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
  if j then call('HINCRBY', queue_key(j.kind, 'stats'), 'stale_calls', 1) end
  return 'stale'
end
