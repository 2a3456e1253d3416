/**
 * Jobs: programs that wait for their turn, run when there is room, and whose end is known whatever happens to the server. The queue lives
 * in the key tree; who runs them is a back end (`backend.ts`). Whoever may submit runs programs as the user of the server: the room
 * keeps jobs apart from each other in account and in time, not in rights.
 */
export type { Backend, BackendDependencies, Run, RunEvent, Signal } from './backend.ts';
export { type JobsConfig, jobsSettings } from './config.ts';
export type { Outcome } from './job.ts';
export { Jobs, type JobsDependencies } from './jobs.ts';
