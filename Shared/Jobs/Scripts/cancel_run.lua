#!lua flags=allow-oom
-- Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0
-- Cancels every stage of a run, last ones first, so that they end as cancelled and not for a parent's sake.
-- KEYS: 1 meta
-- ARGV: 1 run
-- Returns: the run's state then, or false where there is no such run
local run = ARGV[1]
local state = redis.call('HGET', run_key(run), 'state')
if state ~= 'running' then return state end
redis.call('HSET', run_key(run), 'cancel', 1)
local names = stages_of(run)
for i = #names, 1, -1 do
  local j = load_job(run .. '.' .. names[i])
  if j then
    cancel_job(j)
    if j.state == 'running' and j.kids then cancel_children(j.id, 100) end
  end
end
settle()
return redis.call('HGET', run_key(run), 'state')
