import type { LineTimeForm } from '../lines/line-time.ts';

/** What is shown of packets, as the options of a command say it. */
export type ShowOptions = {
  where?: string;
  form: 'lines' | 'json' | 'ndjson' | 'fields';
  field?: string[];
  header?: boolean;
  separator: string;
  bytes?: boolean;
  http?: boolean;
  handshakes?: boolean;
  time: LineTimeForm;
  absolute?: boolean;
  number?: boolean;
};

export type ReadOptions = ShowOptions & { count?: number };
