/** The options that say something about a ticket, the same for all commands that write one. */
import { type Command, Option } from 'commander';
import type { TicketPatch } from '../access.ts';
import { type Severity, type State, severities, states } from '../ticket.ts';

export type FactOptions = {
  severity?: Severity;
  state?: State;
  assignee?: string;
  label?: string[];
  host?: string[];
  flows?: string[];
  scan?: string[];
  job?: string[];
};

const collect = (text: string, all: string[] = []): string[] => [...all, text];

/** Adds the options. */
export function addFacts(command: Command): Command {
  return command
    .addOption(new Option('--severity <severity>', 'how bad it is').choices([...severities]))
    .addOption(new Option('--state <state>', 'where the work stands').choices([...states]))
    .option('--assignee <name>', 'whose it is; empty: nobody’s')
    .option('--label <label>', 'a word to find it by; may be repeated', collect)
    .option('--host <host>', 'an address or name that it is about; may be repeated', collect)
    .option('--flows <filter>', 'a filter of the flows that it is about; may be repeated', collect)
    .option('--scan <id>', 'a scan that it is about; may be repeated', collect)
    .option('--job <id>', 'a job that it is about; may be repeated', collect);
}

/** What the options say; what they do not say is absent. */
export function factsOf({ severity, state, assignee, label, host, flows, scan, job }: FactOptions): TicketPatch {
  const about = Object.fromEntries(
    Object.entries({ hosts: host, flows, scans: scan, jobs: job }).filter(([, given]) => given !== undefined),
  );
  return {
    ...(severity !== undefined && { severity }),
    ...(state !== undefined && { state }),
    ...(assignee !== undefined && { assignee: assignee === '' ? null : assignee }),
    ...(label !== undefined && { labels: label }),
    ...(Object.keys(about).length > 0 && { about }),
  };
}
