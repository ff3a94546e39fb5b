#!lua flags=allow-oom
-- Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0
-- Forgets an ended job with what it asked for, a slice a call, the job itself last.
-- KEYS: 1 meta
-- ARGV: 1 id
-- Returns: {'ok' | 'more' (call again) | 'wrong-state' | 'stage' | 'parent-open', state}, or false where there is no
--          such job
local j = load_job(ARGV[1])
if not j then return false end
if not TERMINAL[j.state] then return {'wrong-state', j.state} end
if j.run then return {'stage', j.state} end
if j.parent and not TERMINAL[redis.call('HGET', job_key(j.parent), 'state') or 'expired'] then
  return {'parent-open', j.state}
end

local budget = 100
-- Children that still end by themselves are left to do so.
local function forget_tree(job)
  local kids = job_key(job.id) .. ':kids'
  while job.kids and budget > 0 do
    local id = redis.call('SRANDMEMBER', kids)
    if not id then break end
    budget = budget - 1
    local c = load_job(id)
    if not c or not TERMINAL[c.state] or forget_tree(c) then redis.call('SREM', kids, id) end
  end
  if job.kids and redis.call('EXISTS', kids) == 1 then return false end
  forget(job)
  redis.call('SREM', P .. 'ending', job.id)
  return true
end
local is_gone = forget_tree(j)
if is_gone and j.parent then redis.call('SREM', job_key(j.parent) .. ':kids', j.id) end
settle()
return {is_gone and 'ok' or 'more', j.state}
