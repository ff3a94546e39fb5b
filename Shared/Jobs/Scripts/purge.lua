#!lua flags=allow-oom
-- Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0
-- Removes payload, result, progress and error details of ended jobs; states and counters stay.
-- KEYS: 1 meta
-- ARGV: 1 '1' where the jobs are children of a job that has ended, else '' (their parent or run must have), 2… up to 100
--       ids
-- Returns: one a job: {'ok' | 'gone' | 'open' | 'needed', state or '', 1 where it has children else 0}
local reply = {}
for i = 2, #ARGV do
  local j = load_job(ARGV[i])
  if not j then
    reply[#reply + 1] = {'gone', '', 0}
  elseif not TERMINAL[j.state] then
    reply[#reply + 1] = {'open', j.state, 0}
  elseif ARGV[1] == '' and not is_over(j) then
    reply[#reply + 1] = {'needed', j.state, 0}
  else
    purge_job(j)
    reply[#reply + 1] = {'ok', j.state, j.kids and 1 or 0}
  end
end
settle()
return reply
