# Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0
# Sidekiq: the worker's file, and with two arguments (jobs, gap in seconds) the producer.
require "sidekiq"

Sidekiq.configure_server do |config|
  config.redis = {url: ENV.fetch("REDIS_URL")}
  config.logger.level = Logger::WARN
end
Sidekiq.configure_client { |config| config.redis = {url: ENV.fetch("REDIS_URL")} }

def now = Process.clock_gettime(Process::CLOCK_MONOTONIC)

class Noop
  include Sidekiq::Worker
  sidekiq_options queue: "bench"
  DONE = File.open(ENV.fetch("BENCH_DONE"), File::WRONLY | File::CREAT | File::APPEND)

  def perform(text)
    DONE.syswrite([text[0, text.index("|")].to_f, now].pack("EE"))
    sleep ENV["BENCH_SLEEP"].to_f if ENV["BENCH_SLEEP"]
  end
end

if $PROGRAM_NAME == __FILE__
  jobs, gap = ARGV[0].to_i, ARGV[1].to_f
  Sidekiq.redis { |connection| connection.ping }
  start = now
  jobs.times do
    stamp = "#{now}|"
    Noop.perform_async(stamp + "x" * (300 - stamp.size))
    sleep gap if gap > 0
  end
  puts now - start
end
