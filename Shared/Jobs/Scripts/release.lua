#!lua flags=allow-oom
-- Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0
-- Gives a job back at its old place because its worker stops.
-- KEYS: 1 meta
-- ARGV: 1 id, 2 fence
-- Returns: the state that follows, also for the same call again, or 'stale'
local j = load_job(ARGV[1])
local no = refusal(j, ARGV[2])
if no then return no == 'done' and j.state or 'stale' end
keep_more(j.id, 'interruptions', j.interruptions + 1)
if j.cancel then
  close(j, 'cancelled', {'done', ARGV[2]},
    failure('cancelled', 'The job was cancelled', 'cancelled while its worker stopped'))
else
  count(j.kind, 'released')
  make_ready(j, nil, {'done', ARGV[2]})
end
settle()
return j.state
