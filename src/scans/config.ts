/** Settings of the scans: what may be changed, its default and why it is so. */
import { type Static, Type } from 'typebox';
import { enabledSetting } from '../core/room-switch.ts';
import { durationSetting, integerSetting, listSetting, textSetting } from '../core/setting.ts';
import { usual } from './defaults.ts';

const minute = 60_000;

/** The part `scans` of the configuration. */
export const scansSettings = Type.Object({
  enabled: enabledSetting('Whether this server scans: only while `server.listen` is reached by this machine alone, `always`, or `never`.'),
  targets: listSetting(
    [],
    'Networks (CIDR) that may be scanned besides loopback and private ones. Each scan that leaves those has to say `authorised`, too.',
  ),
  rate: integerSetting(usual.rate, {
    description: 'New connections a second, unless a scan asks for fewer; loopback alone is not held back. A scan may not ask for more.',
    minimum: 1,
    maximum: 100_000,
  }),
  atOnce: integerSetting(2, { description: 'Scans that run at the same time; others wait in line.', minimum: 1, maximum: 16 }),
  waiting: integerSetting(100, { description: 'Scans that wait in line at most; more are refused (429).', minimum: 0, maximum: 10_000 }),
  addresses: integerSetting(usual.addresses, { description: 'Addresses of one scan at most.', minimum: 1, maximum: 65_536 }),
  probes: integerSetting(usual.probes, { description: 'Addresses times ports of one scan at most.', minimum: 1, maximum: 100_000_000 }),
  time: durationSetting(6 * 60 * minute, { description: 'How long one scan may run; then it ends with what it has.', minimum: 1000 }),
  kept: integerSetting(1000, {
    description: 'Scans that are kept, with their results; the oldest are forgotten.',
    minimum: 1,
    maximum: 100_000,
  }),
  schedules: integerSetting(100, { description: 'Repeated scans at most.', minimum: 0, maximum: 10_000 }),
  nmap: textSetting(usual.nmap, 'The program nmap, for SYN and FIN scans and the discovery of hosts.'),
});

/** Settings of the scans. Times are milliseconds. */
export type ScansConfig = Static<typeof scansSettings>;
