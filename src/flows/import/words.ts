/** How an import is asked for on the wire and at the command line, turned into its settings. */
import { readMoment } from '../../core/moment.ts';
import { nearest } from '../../core/nearest.ts';
import { Problem } from '../../core/problem.ts';
import { meterDefaults } from '../meter/options.ts';
import { type ImportFormat, importFormats } from './detect.ts';
import type { ImportSettings } from './settings.ts';

/** The parameters of `POST /api/v1/imports`; times are seconds, absent ones have Weir's default. */
export type ImportWords = {
  name?: string | undefined;
  format?: string | undefined;
  again?: boolean | undefined;
  skip_bad?: number | string | undefined;
  keep_good?: boolean | undefined;
  uniflow?: boolean | undefined;
  tunnels?: 'outer' | 'inner' | 'both' | undefined;
  active?: number | undefined;
  idle?: number | undefined;
  idle_udp?: number | undefined;
  idle_icmp?: number | undefined;
  tcp_close?: number | undefined;
  key_vlan?: boolean | undefined;
  key_interface?: boolean | undefined;
  macs?: boolean | undefined;
  epoch?: string | undefined;
};

const milliseconds = (seconds: number | undefined, otherwise: number): number =>
  seconds === undefined ? otherwise : Math.round(seconds * 1000);

/** Reads the parameters; throws Problem naming the one that is wrong. */
export const readImportWords = (words: ImportWords, maxFlows: number): ImportSettings => ({
  name: words.name ?? 'unnamed',
  format: readFormat(words.format),
  allowDuplicate: words.again ?? false,
  keepGood: words.keep_good ?? false,
  skipBad: readSkipBad(words.skip_bad),
  epoch: readEpoch(words.epoch),
  meter: {
    ...meterDefaults,
    uniflow: words.uniflow ?? false,
    tunnels: words.tunnels ?? 'outer',
    activeMs: milliseconds(words.active, meterDefaults.activeMs),
    idleMs: milliseconds(words.idle, meterDefaults.idleMs),
    udpIdleMs: milliseconds(words.idle_udp ?? (words.idle === 0 ? 0 : undefined), meterDefaults.udpIdleMs),
    icmpIdleMs: milliseconds(words.idle_icmp ?? (words.idle === 0 ? 0 : undefined), meterDefaults.icmpIdleMs),
    tcpCloseMs: milliseconds(words.tcp_close, meterDefaults.tcpCloseMs),
    keyVlan: words.key_vlan ?? false,
    keyInterface: words.key_interface ?? false,
    keepMacs: words.macs ?? false,
    maxFlows,
  },
});

const readFormat = (word: string | undefined): ImportFormat | undefined => {
  if (word === undefined) return undefined;
  const known = Object.keys(importFormats) as ImportFormat[];
  const found = known.find((name) => name === word);
  if (found !== undefined) return found;
  const near = nearest(word, known);
  throw new Problem('invalid', `format: expected one of ${known.join(', ')}, got ${JSON.stringify(word.slice(0, 80))}`, {
    pointer: 'format',
    ...(near === undefined ? {} : { hint: `did you mean ${near}?` }),
  });
};

const readSkipBad = (word: number | string | undefined): number | boolean => {
  if (word === undefined) return false;
  if (word === 'all') return true;
  const count = Number(word);
  if (Number.isSafeInteger(count) && count >= 0 && word !== '') return count;
  throw new Problem('invalid', `skip_bad: expected a whole number or all, got ${JSON.stringify(word)}`, { pointer: 'skip_bad' });
};

const readEpoch = (text: string | undefined): number | undefined => {
  if (text === undefined) return undefined;
  const moment = readMoment(text);
  if (moment !== undefined && moment.nanos === 0) return moment.seconds;
  throw new Problem(
    'invalid',
    `epoch: expected whole seconds since 1970 or an ISO 8601 time with zone, got ${JSON.stringify(text.slice(0, 80))}`,
    {
      pointer: 'epoch',
      hint: 'for example epoch=2015-01-01T00:00:00Z',
    },
  );
};
