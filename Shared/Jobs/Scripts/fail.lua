#!lua flags=allow-oom
-- Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0
-- Ends an attempt with an error: delayed for another attempt, else failed (permanent) or dead (exhausted).
-- KEYS: 1 meta
-- ARGV: 1 id, 2 fence, 3 error JSON, 4 '1' where retrying may help, 5 pause ms before the next attempt
-- Returns: the state that follows, also for the same call again, or 'stale'
local j = load_job(ARGV[1])
local no = refusal(j, ARGV[2])
if no then return no == 'done' and j.state or 'stale' end
local fields = {'done', ARGV[2], 'more', 1, 'attempts', j.attempts + 1}
if j.cancel then
  close(j, 'cancelled', fields, ARGV[3])
elseif ARGV[4] ~= '1' then
  close(j, 'failed', fields, ARGV[3])
elseif j.attempts + 1 >= j.max_attempts then
  close(j, 'dead', fields, ARGV[3])
else
  count(j.kind, 'retried')
  fields[#fields + 1] = 'error'
  fields[#fields + 1] = ARGV[3]
  make_ready(j, NOW + tonumber(ARGV[5]), fields, ARGV[3])
end
settle()
return j.state
