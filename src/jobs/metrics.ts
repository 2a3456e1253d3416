/** What the jobs count for Prometheus. */
import { Counter, Gauge, Histogram, type Registry } from 'prom-client';
import { durationOf, isAway, isOver, type Job, states } from './job.ts';
import type { Jobs } from './jobs.ts';

const waitBuckets = [0.005, 0.01, 0.025, 0.05, 0.1, 0.5, 1, 5, 30, 120, 600, 3600, 6 * 3600, 86_400];
const runBuckets = [0.01, 0.1, 1, 10, 60, 600, 3600, 6 * 3600, 86_400, 7 * 86_400];

/** Registers the metrics of the room. Gauges of states and counts of ends show what is on record; the rest is of this server alone. */
export function registerJobsMetrics(registry: Registry, jobs: Jobs): void {
  registerGauges(registry, jobs);
  const registers = [registry];
  const started = new Counter({ name: 'weir_jobs_started_total', help: 'Runs that this server has started.', registers });
  const ended = new Counter({
    name: 'weir_jobs_ended_total',
    help: 'Runs of this server that have ended, by cause.',
    labelNames: ['cause'],
    registers,
  });
  const waited = new Histogram({
    name: 'weir_jobs_wait_seconds',
    help: 'Time from the queue (or the last retry) to the start of a run.',
    buckets: waitBuckets,
    registers,
  });
  const ran = new Histogram({
    name: 'weir_jobs_run_seconds',
    help: 'Time from the start of a run to its end.',
    buckets: runBuckets,
    registers,
  });
  new Counter({
    name: 'weir_jobs_submitted_total',
    help: 'Jobs that were submitted here, each of an array counted.',
    registers,
    collect() {
      this.reset();
      this.inc(jobs.submittedCount);
    },
  });
  new Counter({
    name: 'weir_jobs_mails_total',
    help: 'Mails about jobs that were over, by what became of them.',
    labelNames: ['outcome'],
    registers,
    collect() {
      this.reset();
      this.inc({ outcome: 'sent' }, jobs.mail.sent);
      this.inc({ outcome: 'failed' }, jobs.mail.failed);
    },
  });
  jobs.queue.observe((job, before) => {
    if (job === undefined || before === undefined) return;
    if (isStart(job, before) && jobs.queue.isOwn(job)) {
      started.inc();
      waited.observe(Math.max(0, (job.started ?? job.queued) - before.queued) / 1000);
    }
    if (!isAway(before) || isAway(job) || !jobs.queue.isOwn(before)) return;
    const outcome = isOver(job) ? job.outcome : job.past?.at(-1);
    if (outcome === undefined) return;
    ended.inc({ cause: outcome.cause });
    ran.observe(durationOf({ ...before, outcome }, outcome.ended));
  });
}

const isStart = (job: Job, before: Job): boolean =>
  job.state === 'Running' && before.state !== 'Running' && before.state !== 'Suspended' && job.array === undefined;

function registerGauges(registry: Registry, jobs: Jobs): void {
  const registers = [registry];
  const { queue } = jobs;
  new Gauge({
    name: 'weir_jobs',
    help: 'Jobs on record, by state.',
    labelNames: ['state'],
    registers,
    collect() {
      for (const state of states) this.set({ state }, queue.census.of(state));
    },
  });
  new Gauge({
    name: 'weir_jobs_ready',
    help: 'Jobs that could start if there were room.',
    registers,
    collect() {
      this.set(queue.readyCount);
    },
  });
  new Gauge({
    name: 'weir_jobs_running',
    help: 'Runs of this server that are under way.',
    registers,
    collect() {
      this.set(queue.runningCount);
    },
  });
  new Gauge({
    name: 'weir_jobs_resource',
    help: 'What this server shares out (kind `offered`), and what of it is taken (`taken`); RAM in MB.',
    labelNames: ['host', 'resource', 'kind'],
    registers,
    collect() {
      for (const { host, amounts, free } of queue.pool?.hosts() ?? []) {
        for (const [resource, amount] of Object.entries(amounts)) {
          this.set({ host, resource, kind: 'offered' }, amount);
          this.set({ host, resource, kind: 'taken' }, amount - (free[resource] ?? 0));
        }
      }
    },
  });
}
