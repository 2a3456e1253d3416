/**
 * What the settings of the flows are when nobody says otherwise. Apart from the schema, which is slow to load: a command
 * on a data directory needs the values only.
 */
const mebi = 1024 * 1024;

export const flowsDefaults = {
  memory: 160 * mebi,
  threads: 2,
  imports: { memory: 128 * mebi, parallel: 2, maxFlows: 1_048_576, kept: 10_000 },
  seal: { every: 60_000, rows: 500_000, after: 600_000 },
  retention: { age: 0, size: 0 },
  stream: { parallel: 64 },
  exporters: {
    listen: [] as string[],
    allow: [] as string[],
    buffer: 8 * mebi,
    sockets: 1,
    memory: 160 * mebi,
    commitEvery: 500,
    waitTime: 60_000,
    waitSets: 1000,
    templateTime: 24 * 3_600_000,
    elements: '',
    sampling: 1,
    outCounters: 'ignore' as 'ignore' | 'reverse',
    macs: false,
    byPort: false,
  },
};

/** Settings of the flows. Sizes are octets, times milliseconds; `config.ts` documents each. */
export type FlowsConfig = typeof flowsDefaults;
