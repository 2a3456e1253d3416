import type { Output } from '../../cli/output.ts';
import type { JobsClient } from '../remote.ts';

/** What a command of nc works with; `server` is its address as it was named. */
export type NcContext = { jobs: JobsClient; output: Output; server: string };
