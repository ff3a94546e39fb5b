#!lua
-- Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0
-- Adds parts of running attempts' answers to their jobs' streams, and tells whoever waits for some that there is news.
-- KEYS: 1 meta
-- ARGV: three a part: id, fence, part JSON
-- Returns: one a part: 1 held, 2 cancellation requested, 0 stale
local reply = {}
local known = {}
local news = {}
for i = 1, #ARGV, 3 do
  local id = ARGV[i]
  if known[id] == nil then known[id] = load_job(id) or false end
  local j = known[id]
  if not j or j.state ~= 'running' or j.fence ~= ARGV[i + 1] then
    if j then count(j.kind, 'stale_calls') end
    reply[#reply + 1] = 0
  else
    call('XADD', part_key(id), 'MAXLEN', '~', '4096', '*', 'a', j.attempts + j.crashes + j.interruptions + 1, 'p',
      ARGV[i + 2])
    if not news[id] then
      news[id] = true
      -- Not for long: they are for who is reading now, and the result will have it all.
      call('PEXPIRE', part_key(id), num(math.min(600000, setting('text_ttl_ms'))))
      call('XADD', P .. 'news', 'MAXLEN', '~', '1000', '*', 'j', id)
    end
    reply[#reply + 1] = j.cancel and 2 or 1
  end
end
flush()
return reply
