#!lua flags=no-writes
-- Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0
-- Lists jobs, the newest first, without payloads and results.
-- KEYS: 1 meta
-- ARGV: 1 cursor or '', 2 limit, 3 state or '', 4 kind or '', 5 run or ''
-- Returns: {cursor of the next page or '', job…}, a job being a flat list of its id and fields
local NAMES = {
  'state', 'kind', 'run', 'stage', 'parent', 'tenant', 'prio', 'attempts', 'crashes', 'interruptions', 'cancel',
  'progress', 'error', 'created', 'started', 'finished', 'order',
}
local reply = {''}
local cursor = ARGV[1] == '' and '+inf' or '(' .. ARGV[1]
-- A page looks at no more than this many jobs, and then says where to go on.
for _ = 1, 20 do
  local ids = redis.call('ZRANGE', P .. 'jobs', cursor, '-inf', 'BYSCORE', 'REV', 'LIMIT', 0, 100)
  for _, id in ipairs(ids) do
    local v = redis.call('HMGET', job_key(id), unpack(NAMES))
    if v[1] then
      local matches = (ARGV[3] == '' or v[1] == ARGV[3]) and (ARGV[4] == '' or v[2] == ARGV[4])
        and (ARGV[5] == '' or v[3] == ARGV[5])
      -- One more than the page holds: the next page starts here.
      if matches and #reply > tonumber(ARGV[2]) then return reply end
      reply[1] = v[#NAMES]
      cursor = '(' .. v[#NAMES]
      if matches then
        local job = {'id', id}
        for i, name in ipairs(NAMES) do
          if v[i] then
            job[#job + 1] = name
            job[#job + 1] = v[i]
          end
        end
        reply[#reply + 1] = job
      end
    else
      reply[1] = redis.call('ZSCORE', P .. 'jobs', id)
      cursor = '(' .. reply[1]
    end
  end
  if #ids < 100 then
    reply[1] = ''
    return reply
  end
end
return reply
