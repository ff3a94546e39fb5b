#!lua flags=allow-oom
-- Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0
-- Cancels a job and what it asked for.
-- KEYS: 1 meta
-- ARGV: 1 id
-- Returns: the state that follows, or false where there is no such job
local j = load_job(ARGV[1])
if not j then return false end
cancel_job(j)
if j.state == 'running' and j.kids then cancel_children(j.id, 100) end
settle()
return j.state
