#!lua flags=allow-oom
-- Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0
-- Removes the texts of jobs that ended before a time, what succeeded first and the oldest of it first, but none that a
-- run or a parent may yet need.
-- KEYS: 1 meta
-- ARGV: 1 ms before which a job must have ended, 2 limit
-- Returns: {how many were purged, 1 where there may be more else 0}
local limit = tonumber(ARGV[2])
local purged = 0
for _, name in ipairs({'texts', 'letters'}) do
  local ids = limit > 0
    and redis.call('ZRANGE', P .. name, '-inf', '(' .. ARGV[1], 'BYSCORE', 'LIMIT', 0, limit) or {}
  for _, id in ipairs(ids) do
    limit = limit - 1
    local j = load_job(id)
    if j and is_over(j) then
      purge_job(j)
      purged = purged + 1
    elseif j and TERMINAL[j.state] then
      -- As if it had ended now.
      redis.call('ZADD', P .. name, num(NOW), id)
    else
      redis.call('ZREM', P .. name, id)
    end
  end
end
settle()
return {purged, limit <= 0 and 1 or 0}
