import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { benchKeys } from '../../bench/keys.ts';
import { findPeers } from '../../bench/peers.ts';
import { formatReport } from '../../bench/report.ts';

const { skipped } = findPeers(['wrk']);
if (skipped.length > 0) console.warn('skipped: the benchmark of keys needs wrk: apt install wrk');

test.skipIf(skipped.length > 0)('the benchmark of keys runs small', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'weir-bench-keys-'));
  try {
    const options = { packets: 0, rows: 0, flows: 0, seedRows: 0, rounds: 1, fresh: false, slow: false, keySettings: [] };
    const bench = { ...options, keys: 500, watchers: 10, seconds: 1, folder, say: () => {} };
    // Alone: that an etcd starts as its peer is shown where `weir keys` is tried on one.
    const reports = process.env.WEIR_TEST_ALL === '1' ? await benchKeys(bench) : await benchKeys(bench, { found: new Map(), skipped: [] });
    expect(reports.map(({ title }) => title.split(/[:,]/)[1]?.trim())).toEqual([
      'PUT of a random key',
      'GET of a random key',
      'POST of in-order keys',
      'compare-and-swap of one key by all',
      '10 watchers of one key',
      '100 watchers that wait',
      'start with 500 keys until one of them is answered',
    ]);
    for (const report of reports) {
      for (const { unitsPerSecond } of report.standings) expect(unitsPerSecond).toBeGreaterThan(0);
      expect(formatReport(report).join('\n')).toMatch(/weir/);
    }
  } finally {
    await rm(folder, { recursive: true });
  }
});
