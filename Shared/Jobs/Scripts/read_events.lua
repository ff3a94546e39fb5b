#!lua flags=no-writes,allow-stale
-- Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0
-- Reads events after a cursor, and tells whether older ones than the cursor's were trimmed away. A job's come from the
-- log in its record, merged by event id with its stream of progress where it has one.
-- KEYS: 1 meta, 2 stream, 3 the job's record (or absent)
-- ARGV: 1 cursor or '', 2 limit, 3 the job's id where it is a job's events
-- Returns: {1 where events are missing else 0, last id of the stream of all or '0-0', entry…}, an entry being
--          {id, {field, value…}}
local tip = redis.call('XREVRANGE', P .. 'ev', '+', '-', 'COUNT', 1)[1]
local reply = {0, tip and tip[1] or '0-0'}
local limit = tonumber(ARGV[2])

local function position(id)
  local ms, n = string.match(id, '^(%d+)-(%d+)$')
  return tonumber(ms or 0), tonumber(n or 0)
end
local from_ms, from_n = position(ARGV[1])
local function is_after(id, ms, n)
  local a, b = position(id)
  return a > ms or (a == ms and b > n)
end

local entries = {}
local streamed = redis.call('EXISTS', KEYS[2]) == 1
if streamed then
  local known = ARGV[1] ~= '' and ARGV[1] ~= '0-0' and #redis.call('XRANGE', KEYS[2], ARGV[1], ARGV[1]) > 0
  if not known then
    local info = redis.call('XINFO', 'STREAM', KEYS[2])
    local length, added, first
    for i = 1, #info, 2 do
      if info[i] == 'length' then length = info[i + 1] end
      if info[i] == 'entries-added' then added = info[i + 1] end
      if info[i] == 'first-entry' then first = info[i + 1] end
    end
    -- A cursor within what is left has missed nothing; it may be of another scope.
    if added > length and first and is_after(first[1], from_ms, from_n) then reply[1] = 1 end
  end
  local start = ARGV[1] == '' and '-' or '(' .. ARGV[1]
  entries = redis.call('XRANGE', KEYS[2], start, '+', 'COUNT', limit)
end
if not KEYS[3] then
  for _, entry in ipairs(entries) do reply[#reply + 1] = entry end
  return reply
end

local v = redis.call('HMGET', KEYS[3], 'log', 'run', 'stage')
local function fields(what)
  local list = {'e', what, 'j', ARGV[3]}
  if v[2] then list[5], list[6], list[7], list[8] = 'r', v[2], 's', v[3] end
  return list
end
for _, entry in ipairs(entries) do
  local list = fields('progress')
  for _, value in ipairs(entry[2]) do list[#list + 1] = value end
  entry[2] = list
end
local at = 1
for id, word, detail in string.gmatch(v[1] or '', '(%S+) (%S+) ?([^\n]*)\n') do
  if is_after(id, from_ms, from_n) then
    if word == 'gap' then
      reply[1] = 1
    else
      local ms, n = position(id)
      while entries[at] and #reply < limit + 2 and not is_after(entries[at][1], ms, n) do
        reply[#reply + 1] = entries[at]
        at = at + 1
      end
      if #reply == limit + 2 then return reply end
      local is_state = word ~= 'cancel_requested' and word ~= 'lease_expired'
      local list = fields(is_state and 'state' or word)
      if is_state then list[#list + 1], list[#list + 2] = 'st', word end
      if detail ~= '' then list[#list + 1], list[#list + 2] = 'er', detail end
      reply[#reply + 1] = {id, list}
      if #reply == limit + 2 then return reply end
    end
  end
end
while entries[at] and #reply < limit + 2 do
  reply[#reply + 1] = entries[at]
  at = at + 1
end
return reply
