#!lua flags=no-writes,allow-stale
-- Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0
-- Reads a stream after a cursor, and tells whether older events than the cursor's were trimmed away.
-- KEYS: 1 meta, 2 stream
-- ARGV: 1 cursor or '', 2 limit
-- Returns: {1 where events are missing else 0, last id of the stream of all or '0-0', entry…}
local tip = redis.call('XREVRANGE', P .. 'ev', '+', '-', 'COUNT', 1)[1]
local reply = {0, tip and tip[1] or '0-0'}
if redis.call('EXISTS', KEYS[2]) == 0 then return reply end
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
  if added > length and first then
    local ms, n = string.match(first[1], '(%d+)-(%d+)')
    local cursor_ms, cursor_n = string.match(ARGV[1], '(%d+)-(%d+)')
    cursor_ms, cursor_n = tonumber(cursor_ms or 0), tonumber(cursor_n or 0)
    ms, n = tonumber(ms), tonumber(n)
    if cursor_ms < ms or (cursor_ms == ms and cursor_n < n) then reply[1] = 1 end
  end
end
local start = ARGV[1] == '' and '-' or '(' .. ARGV[1]
for _, entry in ipairs(redis.call('XRANGE', KEYS[2], start, '+', 'COUNT', ARGV[2])) do reply[#reply + 1] = entry end
return reply
