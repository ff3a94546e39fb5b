#!lua flags=allow-oom
-- Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0
-- Takes the best ready jobs of some kinds under a lease, each with a new fence. Delayed jobs that are due are made
-- ready first; jobs past their deadline are ended on the way, and those of a tenant at its limit are parked. A call
-- whose answer was lost may be sent again: the same request of the same worker gets the same jobs.
-- A job of a model that the worker has loaded goes before others, and one of another's is left to that worker for a
-- while, within bounds (see claiming.lua).
-- KEYS: 1 meta
-- ARGV: 1 worker, 2 lease ms, 3 limit, 4 request, 5 affinities of what it has loaded as 'a,b', ',' for none yet,
--       '' where it keeps no models; 6… kinds
-- Returns: {ms until it is worth to look again or -1, job…}, a job being {id, fence, attempt, kind, version, payload,
--          tenant, priority, run, stage, parent, traceparent, deadline, ms waited, errors, {stage, result}…}; what is
--          missing is false
return claim(ARGV)
