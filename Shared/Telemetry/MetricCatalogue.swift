// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

/// Every metric of every service. docs/telemetry.md has the same table, held to this one by a test.
public enum MetricCatalogue {
    /// By name.
    static let byName = Dictionary(uniqueKeysWithValues: all.map { ($0.name, $0) })

    /// The metric of a name.
    public static subscript(name: String) -> MetricDescription? { byName[name] }

    /// From a fast call to a slow one, in seconds.
    static let calls: [Double] = [
        0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10,
    ]
    /// From an answer at once to an upload or an event stream, in seconds.
    static let requests: [Double] = [0.001, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 60, 600, 3600]
    /// From a small job to a day of training, in seconds.
    static let work: [Double] = [0.001, 0.005, 0.01, 0.05, 0.1, 0.5, 1, 5, 10, 30, 60, 300, 1800, 7200, 86_400]

    /// In the order of the document's table.
    public static let all: [MetricDescription] = queue + worker + inference + redis + http + process

    private static let queue: [MetricDescription] = [
        .init("mellama_queue_depth", .gauge, ["kind", "state"], "Jobs now, by state."),
        .init(
            "mellama_queue_oldest_ready_seconds", .gauge, ["kind"],
            "How long the job that is next could have been claimed; 0 where none is ready."),
        .init("mellama_queue_submitted_total", .counter, ["kind"], "Jobs accepted."),
        .init("mellama_queue_claims_total", .counter, ["kind"], "Attempts begun: jobs given to a worker."),
        .init("mellama_queue_completed_total", .counter, ["kind", "outcome"], "Jobs ended, by their terminal state."),
        .init("mellama_queue_retries_total", .counter, ["kind"], "Jobs made ready again after an error."),
        .init("mellama_queue_releases_total", .counter, ["kind"], "Jobs given back by a worker that stops."),
        .init("mellama_queue_lease_expired_total", .counter, ["kind"], "Leases that ended without a word."),
        .init("mellama_queue_stale_calls_total", .counter, ["kind"], "Calls of attempts that held the job no more."),
        .init("mellama_queue_parked_total", .counter, ["kind"], "Times a job was parked at its tenant's limit."),
        .init("mellama_queue_purged_total", .counter, ["kind"], "Jobs whose text was removed."),
        .init("mellama_queue_repaired_total", .counter, ["kind"], "Jobs whose place in the indexes was mended."),
        .init("mellama_queue_up", .gauge, "1 where Redis answered this scrape."),
    ]

    private static let worker: [MetricDescription] = [
        .init("mellama_worker_attempts_total", .counter, ["kind", "outcome"], "Attempts that ended."),
        .init(
            "mellama_worker_wait_seconds", .histogram, ["kind"], bounds: work,
            "From when a job could be claimed until it was."),
        .init(
            "mellama_worker_run_seconds", .histogram, ["kind"], bounds: work,
            "From an attempt's start until the queue took its outcome."),
        .init("mellama_worker_jobs", .gauge, "Jobs held now."),
        .init("mellama_worker_slots", .gauge, "Jobs it may hold at a time."),
        .init(
            "mellama_worker_claim_age_seconds", .gauge,
            "Since the last answer to a claim; 0 while every slot is taken and none is asked for."),
        .init(
            "mellama_worker_heartbeat_age_seconds", .gauge,
            "Since the lease confirmed longest ago was confirmed; 0 while no job is held."),
        .init("mellama_worker_lost_leases_total", .counter, "Attempts stopped because their lease was lost."),
    ]

    private static let inference: [MetricDescription] = [
        .init("mellama_inference_waiting_requests", .gauge, "Requests that wait for pages or a place."),
        .init("mellama_inference_active_requests", .gauge, "Requests that are computed together now."),
        .init(
            "mellama_inference_tokens_total", .counter, ["phase"],
            "Tokens computed: of prompts and continuations, or of answers."),
        .init("mellama_inference_prompt_tokens_total", .counter, "Tokens of prompts and contexts asked for."),
        .init(
            "mellama_inference_kept_prompt_tokens_total", .counter,
            "Those of them that were kept from earlier prompts and not computed."),
        .init(
            "mellama_inference_step_seconds", .histogram, [], bounds: calls,
            "One step of a model, with all that it computes."),
        .init(
            "mellama_inference_pages", .gauge, ["use"],
            "Pages of keys and values: reserved by requests, kept for beginnings, and all there are."),
        .init("mellama_inference_model_bytes", .gauge, "Weights of the models and adapters in memory."),
    ]

    private static let redis: [MetricDescription] = [
        .init(
            "mellama_redis_roundtrip_seconds", .histogram, ["call"], bounds: calls,
            "From sending a call to Redis until its answer was read; a script goes by its name."),
        .init("mellama_redis_errors_total", .counter, ["call", "code"], "Calls to Redis that ended with an error."),
        .init("mellama_redis_connections_total", .counter, "Connections made to Redis."),
        .init("mellama_redis_reconnects_total", .counter, "Connections made in place of one that broke."),
        .init("mellama_redis_memory_bytes", .gauge, "Memory that Redis uses."),
        .init("mellama_redis_memory_limit_bytes", .gauge, "Redis's maxmemory; 0 is none."),
        .init("mellama_redis_aof_enabled", .gauge, "1 where Redis writes an append-only file."),
        .init("mellama_redis_aof_write_ok", .gauge, "1 where the last write of the append-only file succeeded."),
        .init("mellama_redis_aof_rewrite_ok", .gauge, "1 where its last rewrite succeeded."),
        .init("mellama_redis_uptime_seconds", .gauge, "Since Redis was started."),
        .init("mellama_journal_records_total", .counter, "Submissions and ends that the journal wrote down."),
        .init("mellama_journal_syncs_total", .counter, "Times the journal was synced to the disk."),
        .init("mellama_journal_bytes_total", .counter, "Bytes that the journal wrote."),
    ]

    private static let http: [MetricDescription] = [
        .init(
            "http_server_request_duration_seconds", .histogram,
            ["http_request_method", "http_response_status_code", "http_route"], bounds: requests,
            "From a request's head until the last byte of its answer."),
        .init(
            "http_server_active_requests", .gauge, ["http_request_method"],
            "Requests under way, event streams among them."),
    ]

    private static let process: [MetricDescription] = [
        .init("mellama_build_info", .gauge, ["service", "version"], "1, with what runs."),
        .init("mellama_dropped_series_total", .counter, "Series refused: too many of a name, or of another type."),
        .init("mellama_trace_spans_exported_total", .counter, "Spans that the collector took."),
        .init("mellama_trace_spans_dropped_total", .counter, "Spans lost: no room, or no collector."),
        .init("process_cpu_seconds_total", .counter, "Processor time of the process."),
        .init("process_open_fds", .gauge, "Open file descriptors."),
        .init("process_resident_memory_bytes", .gauge, "Resident memory."),
        .init("process_start_time_seconds", .gauge, "When the process started, since 1970."),
    ]
}
