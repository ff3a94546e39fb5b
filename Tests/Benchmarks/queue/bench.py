# Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0
"""bench.py: our queue beside what a user would pick instead, on this machine and in this run.

Every measurement has a private redis-server of its own (append-only file on, fsync every second). A job is 300 bytes of
text; its body appends its times to a file, so that counting needs no traffic. Ours and Sidekiq take turns (A B A B);
their figures are medians over the rounds. A drain rate leaves out the first fifth of the jobs: boot and ramp.
"""
import argparse
import json
import os
import pathlib
import shutil
import signal
import socket
import statistics
import struct
import subprocess
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace

HERE = pathlib.Path(__file__).resolve().parent
PEERS = HERE / "peers"
DRIVER = os.environ.get("QUEUE_DRIVER", "queue-driver")
VENV = pathlib.Path(os.environ.get("BENCH_VENV", ".build/bench"))
TICK = os.sysconf("SC_CLK_TCK")


class Server:
    """A redis-server on a free loopback port, its folder, and a file for the jobs' records."""

    def __init__(self, fsync="everysec"):
        self.folder = tempfile.mkdtemp(prefix="mellama-bench-")
        self.done = os.path.join(self.folder, "done")
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = probe.getsockname()[1]
        self.url = f"redis://127.0.0.1:{self.port}/0"
        self.process = subprocess.Popen(
            ["redis-server", "--bind", "127.0.0.1", "--port", str(self.port), "--dir", self.folder, "--save", "",
             "--appendonly", "yes", "--appendfsync", fsync, "--auto-aof-rewrite-percentage", "0",
             "--maxmemory-policy", "noeviction"],
            stdout=subprocess.DEVNULL)
        while True:
            try:
                socket.create_connection(("127.0.0.1", self.port), 1).close()
                return
            except OSError:
                time.sleep(0.02)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.kill()
        self.process.wait()
        shutil.rmtree(self.folder, ignore_errors=True)

    def info(self, section):
        text = subprocess.run(
            ["redis-cli", "-p", str(self.port), "INFO", section], capture_output=True, text=True, check=True).stdout
        return dict(line.split(":", 1) for line in text.splitlines() if ":" in line)

    def memory(self):
        return int(self.info("memory")["used_memory"])

    def commands(self):
        """Commands carried out, those inside scripts included."""
        return int(self.info("stats")["total_commands_processed"])

    def cpu(self):
        """Seconds of processor time of the server's own process."""
        fields = pathlib.Path(f"/proc/{self.process.pid}/stat").read_text().rsplit(")", 1)[1].split()
        return (int(fields[11]) + int(fields[12])) / TICK

    def environment(self, **more):
        return dict(
            os.environ, REDIS_URL=self.url, BENCH_DONE=self.done, PYTHONPATH=f"{HERE}:{PEERS}",
            PYTHONWARNINGS="ignore", RQ_REDIS_URL=self.url, **more)

    def done_count(self):
        try:
            return os.path.getsize(self.done) // 16
        except FileNotFoundError:
            return 0

    def wait_done(self, count, limit):
        end = time.monotonic() + limit
        while self.done_count() < count and time.monotonic() < end:
            time.sleep(0.005)
        return self.done_count()

    def records(self):
        """(submitted, started) of every job, seconds of the monotonic clock."""
        with open(self.done, "rb") as file:
            return list(struct.iter_unpack("<dd", file.read()))


@dataclass
class System:
    """A job system: how its jobs are submitted and its workers are started."""
    name: str
    delivery: str
    concurrency: str
    produce: callable
    work: callable
    needs: pathlib.Path | None = None
    jobs: int = 5000
    fsync: str = "everysec"

    def installed(self):
        return self.needs is None or self.needs.exists()

    def submit(self, server, jobs, gap=0, limit=120):
        """Seconds that submitting took, by the producer's own clock."""
        out = subprocess.run(
            self.produce(server, jobs, gap), env=server.environment(), cwd=PEERS, capture_output=True, text=True,
            timeout=limit + jobs * gap)
        if out.returncode:
            raise RuntimeError(out.stderr.strip()[-300:])
        return float(out.stdout.split()[-1])

    def start(self, server, processes, sleep=None, name="w"):
        environment = server.environment(**({"BENCH_SLEEP": str(sleep)} if sleep else {}))
        errors = open(os.path.join(server.folder, "errors"), "ab")
        return [
            subprocess.Popen(
                command, env=environment, cwd=PEERS, stdout=subprocess.DEVNULL, stderr=errors, start_new_session=True)
            for command in self.work(server, processes, sleep, name)]


def stop(workers, number=signal.SIGTERM):
    for worker in workers:
        try:
            os.killpg(worker.pid, number)
        except ProcessLookupError:
            pass
    for worker in workers:
        try:
            worker.wait(10)
        except subprocess.TimeoutExpired:
            os.killpg(worker.pid, signal.SIGKILL)
            worker.wait()


def python(peer):
    return VENV / peer / "bin"


def python_peer(name, delivery, concurrency, work, jobs=5000):
    folder = python(name)
    return System(
        name, delivery, concurrency,
        lambda s, n, gap: [folder / "python", HERE / "produce.py", f"{name}_peer", str(n), str(gap)], work,
        VENV / name / "installed", jobs)


def each(*command):
    return lambda s, processes, sleep, name: [command] * processes


def systems(slots):
    def ours(s, processes, sleep, name):
        pause = ["--sleep", str(sleep)] if sleep else []
        return [[DRIVER, "work", "--redis", s.url, "--done", s.done, "--slots", str(slots), *pause]] * processes

    def rq(s, processes, sleep, name):
        return [
            [python("rq") / "rq", "worker", "-q", "-u", s.url, "--name", f"{name}{i}", "-w", "rq.SimpleWorker", "bench"]
            for i in range(processes)]

    def produce(s, n, gap):
        return [DRIVER, "produce", "--redis", s.url, "--jobs", str(n), "--gap", str(gap)]

    mellama = System("mellama", "at least once, leases", f"{slots} slots", produce, ours, jobs=40000)
    sidekiq = pathlib.Path(shutil.which("sidekiq") or "/usr/bin/sidekiq")
    return {system.name: system for system in [
        mellama,
        replace(mellama, name="mellama, fsync always", jobs=10000, fsync="always"),
        System(
            "sidekiq", "at most once", "10 threads",
            lambda s, n, gap: ["ruby", PEERS / "sidekiq_peer.rb", str(n), str(gap)],
            each(sidekiq, "-q", "bench", "-r", PEERS / "sidekiq_peer.rb"), sidekiq, jobs=40000),
        python_peer(
            "celery", "at least once (late ack)", "1 child", lambda s, w, sleep, name: [
                [python("celery") / "celery", "-A", "celery_peer", "worker", "-Q", "bench", "-c", str(w),
                 "-P", "prefork", "--without-gossip", "--without-mingle", "-l", "ERROR"]]),
        python_peer("rq", "at most once", "1 job", rq),
        python_peer(
            "dramatiq", "at least once", "8 threads", lambda s, w, sleep, name: [
                [python("dramatiq") / "dramatiq", "dramatiq_peer", "-p", str(w)]]),
        python_peer(
            "huey", "at most once", "1 job", lambda s, w, sleep, name: [
                [python("huey") / "huey_consumer", "huey_peer.huey", "-q", "-k", "process", "-w", str(w), "-n"]]),
        python_peer(
            "taskiq", "at least once", "100 tasks", lambda s, w, sleep, name: [
                [python("taskiq") / "taskiq", "worker", "taskiq_peer:broker", "-w", str(w), "--log-level", "ERROR"]]),
        python_peer("arq", "at least once", "10 tasks", each(python("arq") / "arq", "arq_peer.WorkerSettings")),
    ]}


def drain(system, processes, jobs, limit=40):
    """Submits the jobs, then lets workers loose on them."""
    with Server(system.fsync) as server:
        before = server.memory()
        enqueue = system.submit(server, jobs)
        memory = server.memory() - before
        commands, cpu = server.commands(), server.cpu()
        workers = system.start(server, processes)
        try:
            done = server.wait_done(jobs, limit)
            time.sleep(0.05)
            commands, cpu = server.commands() - commands, server.cpu() - cpu
        finally:
            stop(workers)
        if done < 2:
            errors = pathlib.Path(server.folder, "errors").read_text()[-300:]
            raise RuntimeError(f"no job was done: {errors}")
        starts = sorted(start for _, start in server.records())
        cut = len(starts) // 5
        return {
            "enqueue": jobs / enqueue, "drain": (len(starts) - 1 - cut) / (starts[-1] - starts[cut]),
            "server_us": cpu / done * 1e6, "commands": commands / done, "bytes": memory / jobs, "done": done}


def low_load(system, jobs, gap):
    """Times from submission to start while workers idle, ms."""
    with Server() as server:
        workers = system.start(server, 1)
        try:
            # The first job waits for the worker's boot, the next ones for its connections.
            warm = 20
            system.submit(server, 1)
            server.wait_done(1, 20)
            system.submit(server, warm - 1, gap)
            server.wait_done(warm, 20)
            system.submit(server, jobs, gap)
            server.wait_done(warm + jobs, 20)
            times = sorted((start - submitted) * 1e3 for submitted, start in server.records()[warm:])
        finally:
            stop(workers)
        if not times:
            raise RuntimeError("no job was done")
        return {"p50": statistics.median(times), "p99": times[min(len(times) - 1, round(0.99 * (len(times) - 1)))]}


def restart_after_kill(system, limit):
    """Seconds from kill -9 of a worker inside a job until another worker starts that job; None where it never does."""
    with Server() as server:
        workers = system.start(server, 1, sleep=4)
        try:
            system.submit(server, 1)
            if server.wait_done(1, 25) < 1:
                raise RuntimeError("the job never started")
            time.sleep(1)
            stop(workers, signal.SIGKILL)
            killed = time.monotonic()
            workers = system.start(server, 1, sleep=4, name="second")
            return server.records()[1][1] - killed if server.wait_done(2, limit) > 1 else None
        finally:
            stop(workers)


def ceiling(slots, jobs=60000):
    """Jobs a second that one server ends and hands out by our scripts, called as a busy worker calls them: half of its
    slots a call."""
    with Server() as server:
        submit_bulk(server, jobs)
        out = subprocess.run(
            [DRIVER, "ceiling", "--redis", server.url, "--batch", str(max(1, slots // 2))], capture_output=True,
            text=True, timeout=120, check=True)
        return float(out.stdout)


def submit_bulk(server, jobs):
    out = subprocess.run(
        [DRIVER, "produce", "--redis", server.url, "--jobs", str(jobs), "--bulk", "500"], capture_output=True,
        text=True, timeout=300, check=True)
    return float(out.stdout)


def growth(system, queued, most=40000):
    """What a job costs while so many are queued: submitted 500 a call, then drained by one worker for a while."""
    with Server() as server:
        before = server.memory()
        enqueue = submit_bulk(server, queued)
        memory, cpu = server.memory() - before, server.cpu()
        workers = system.start(server, 1)
        try:
            server.wait_done(min(queued, most), 60)
            cpu = server.cpu() - cpu
        finally:
            stop(workers)
        starts = sorted(start for _, start in server.records())
        cut = len(starts) // 5
        return [
            figure(queued), figure(queued / enqueue), figure((len(starts) - 1 - cut) / (starts[-1] - starts[cut])),
            figure(cpu / len(starts) * 1e6, 1), figure(memory / queued)]


def figure(value, digits=0):
    return "–" if value is None else f"{value:,.{digits}f}"


def table(head, rows):
    print("| " + " | ".join(head) + " |")
    print("|" + " --- |" * len(head))
    for row in rows:
        print("| " + " | ".join(row) + " |")
    print(flush=True)


def attempt(problems, name, body):
    try:
        return body()
    except Exception as problem:
        problems.append(f"{name}: {str(problem).strip()[-200:]}")
        return None


def median(measurements, key):
    values = [m[key] for m in measurements if m]
    return statistics.median(values) if values else None


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=3, help="rounds of ours and Sidekiq (default 3)")
    parser.add_argument("--slots", type=int, default=32, help="jobs that one of our workers holds (default 32)")
    parser.add_argument("--only", default="drain,latency,kill,ceiling,growth", help="which tables")
    parser.add_argument("--systems", default="", help="which systems; default all that are installed")
    parser.add_argument("--sizes", default="1000,10000,100000,1000000", help="queued jobs of the growth table")
    parser.add_argument("--json", help="also write all figures to this file")
    options = parser.parse_args()
    only = options.only.split(",")
    known = systems(options.slots)
    names = options.systems.split(",") if options.systems else list(known)
    chosen = [known[name] for name in names if known[name].installed()]
    problems = [f"{name}: not installed" for name in names if not known[name].installed()]
    began = time.monotonic()
    version = subprocess.run(["redis-server", "--version"], capture_output=True, text=True).stdout.split()[2]
    print(f"{os.cpu_count()} processors, load {os.getloadavg()[0]:.1f}, redis-server {version}, "
          f"{options.rounds} rounds\n", flush=True)

    results = {s.name: {1: [], 2: [], "low": [], "kill": None} for s in chosen}
    turns = [s for s in chosen if s.name in ("mellama", "sidekiq")]
    for round in range(options.rounds):
        for system in chosen if round == 0 else turns:
            for processes in (1, 2) if "drain" in only else ():
                results[system.name][processes].append(attempt(
                    problems, system.name, lambda: drain(system, processes, system.jobs)))
            if "latency" in only:
                results[system.name]["low"].append(attempt(
                    problems, system.name, lambda: low_load(system, 300, 0.01)))
    if "kill" in only:
        with ThreadPoolExecutor(len(chosen)) as pool:
            runs = {
                s.name: pool.submit(attempt, problems, s.name, lambda s=s: restart_after_kill(s, 30)) for s in chosen}
            for name, run in runs.items():
                results[name]["kill"] = run.result()

    if "drain" in only:
        table(
            ["system", "delivery", "in a process", "enqueue/s", "drain/s, 1 process", "drain/s, 2 processes",
             "server µs a job", "commands a job", "bytes a queued job"],
            [[s.name, s.delivery, s.concurrency, *(figure(v, d) for v, d in [
                (median(results[s.name][1] + results[s.name][2], "enqueue"), 0),
                (median(results[s.name][1], "drain"), 0), (median(results[s.name][2], "drain"), 0),
                (median(results[s.name][1], "server_us"), 1), (median(results[s.name][1], "commands"), 1),
                (median(results[s.name][1], "bytes"), 0)])] for s in chosen])
    if "latency" in only or "kill" in only:
        table(
            ["system", "p50 ms", "p99 ms", "again after kill -9"],
            [[s.name, *(figure(median(results[s.name]["low"], key), 2) for key in ("p50", "p99")),
              "not in 30 s" if results[s.name]["kill"] is None else f"{results[s.name]['kill']:.1f} s"]
             for s in chosen])
    if "ceiling" in only:
        runs = [attempt(problems, "ceiling", lambda: ceiling(options.slots)) for _ in range(options.rounds)]
        tops = [run for run in runs if run]
        if tops:
            top = statistics.median(tops)
            two = median(results.get("mellama", {}).get(2, []), "drain")
            share = f"; ours with two processes reaches {two / top:.0%} of it" if two else ""
            print(f"One Redis core can end and hand out {top:,.0f} jobs/s by our scripts{share}.\n", flush=True)
            results["ceiling"] = tops
    if "growth" in only:
        sizes = [int(size) for size in options.sizes.split(",")]
        rows = [attempt(problems, f"{n} queued", lambda: growth(known["mellama"], n)) for n in sizes]
        table(
            ["jobs queued", "enqueue/s, 500 a call", "drain/s, 1 process", "server µs a job", "bytes a job"],
            [row for row in rows if row])
    if {"mellama", "sidekiq"} <= {s.name for s in chosen}:
        ratios(results, only)
    if problems:
        print("Not measured: " + "; ".join(problems) + "\n")
    print(f"took {time.monotonic() - began:.0f} s")
    if options.json:
        pathlib.Path(options.json).write_text(json.dumps(results, indent=1))


def ratios(results, only):
    ours, peer = results["mellama"], results["sidekiq"]
    rows = []

    def row(name, kind, key, digits):
        pairs = [(a[key], b[key]) for a, b in zip(ours[kind], peer[kind]) if a and b]
        if not pairs:
            return
        each = sorted(a / b for a, b in pairs)
        rows.append([
            name, figure(median(ours[kind], key), digits), figure(median(peer[kind], key), digits),
            f"{statistics.median(each):.2f} ({each[0]:.2f}–{each[-1]:.2f})"])

    if "drain" in only:
        row("enqueue/s", 1, "enqueue", 0)
        row("drain/s, 1 process", 1, "drain", 0)
        row("drain/s, 2 processes", 2, "drain", 0)
    if "latency" in only:
        row("p50 ms at low load", "low", "p50", 2)
        row("p99 ms at low load", "low", "p99", 2)
    table(["figure", "ours", "Sidekiq", "ours / Sidekiq by pairs (least–most)"], rows)


if __name__ == "__main__":
    main()
