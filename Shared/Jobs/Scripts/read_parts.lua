#!lua flags=no-writes,allow-stale
-- Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0
-- Reads a job's parts after a cursor, and its state at the same moment.
-- KEYS: 1 meta, 2 the job's parts, 3 the job's record
-- ARGV: 1 cursor or '', 2 limit
-- Returns: {state or false, last id of the stream of all or '0-0', last id of the news or '0-0', entry…}, an entry being
--          {id, {field, value…}}
local function tip(stream)
  local last = redis.call('XREVRANGE', P .. stream, '+', '-', 'COUNT', 1)[1]
  return last and last[1] or '0-0'
end
local reply = {redis.call('HGET', KEYS[3], 'state'), tip('ev'), tip('news')}
local start = ARGV[1] == '' and '-' or '(' .. ARGV[1]
for _, entry in ipairs(redis.call('XRANGE', KEYS[2], start, '+', 'COUNT', ARGV[2])) do reply[#reply + 1] = entry end
return reply
