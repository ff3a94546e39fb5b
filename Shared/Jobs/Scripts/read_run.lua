#!lua flags=no-writes
-- Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0
-- Reads a run with its stages as they are at one moment.
-- KEYS: 1 meta
-- ARGV: 1 run
-- Returns: {run's fields, stage's fields…}, all flat lists, a stage's id among them; false where there is no such run
local run = redis.call('HGETALL', run_key(ARGV[1]))
if #run == 0 then return false end
local reply = {run}
for _, name in ipairs(stages_of(ARGV[1])) do
  local id = ARGV[1] .. '.' .. name
  local fields = redis.call('HGETALL', job_key(id))
  if #fields > 0 then
    fields[#fields + 1] = 'id'
    fields[#fields + 1] = id
    reply[#reply + 1] = fields
  end
end
return reply
