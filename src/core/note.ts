import type { Caller } from './caller.ts';

/** What somebody has done, for the audit log. */
export type Note = {
  actor: string;
  address: string;
  /** Room and verb: `jobs.stop`. */
  action: string;
  target?: string;
  outcome: 'ok';
  requestId?: string;
  /** More that tells, in a few words. */
  note?: string;
};

/** That a caller has done something. */
export const noteOf = ({ name, address = '', requestId }: Caller, done: Pick<Note, 'action' | 'target' | 'note'>): Note => ({
  actor: name,
  address,
  ...done,
  outcome: 'ok',
  ...(requestId !== undefined && { requestId }),
});
