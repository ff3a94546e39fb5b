#!lua flags=allow-oom
-- Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0
-- Ends jobs with success, each by itself: result, what waits for it, its run, its time to live. Then takes further jobs
-- for the same worker, where it asks for some: what has just become ready is among them.
-- KEYS: 1 meta
-- ARGV: 1 how many end, then three a job: id, fence, result JSON; then nothing, or the arguments of claim.lua
-- Returns: {{1 | 0…}, claim's reply or false}: 1 where the job has ended so, also for the same call again, 0 where the
--          fence is stale
local function complete(id, fence, result)
  local j = load_job(id)
  local no = refusal(j, fence)
  if no then return (no == 'done' and j.state == 'succeeded') and 1 or 0 end
  if j.attempts > 0 then call('HDEL', job_key(id), 'error') end
  close(j, 'succeeded', {'done', fence, 'result', result})
  -- What it asked for is told to end before the next job of this call ends: that may be one of them.
  if j.kids then settle() end
  return 1
end

local ends = tonumber(ARGV[1])
local outcomes = {}
for i = 1, ends do outcomes[i] = complete(ARGV[3 * i - 1], ARGV[3 * i], ARGV[3 * i + 1]) end
settle()
if #ARGV == 3 * ends + 1 then return {outcomes, false} end
return {outcomes, claim({unpack(ARGV, 3 * ends + 2)})}
