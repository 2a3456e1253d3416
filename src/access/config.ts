/** Settings of the access: what may be changed, its default and why it is so. */
import { type Static, Type } from 'typebox';
import { durationSetting, integerSetting, listSetting, sizeSetting, textSetting } from '../core/setting.ts';

const second = 1000;
const minute = 60 * second;
const hour = 60 * minute;
const day = 24 * hour;
const mebi = 1024 * 1024;

/** The part `access` of the configuration. */
export const accessSettings = Type.Object({
  adminPasswordFile: textSetting(
    '',
    'A file whose first line is the password of the user `admin`, who is made with it at a start that finds no user. Empty: users are added by `weir users add`.',
  ),
  anonymous: listSetting(
    [],
    'Surfaces that some networks may use without a token: `SURFACE=ROLE@NETWORK`, such as `etcd-v2=operator@10.0.0.0/8`. Surfaces: `etcd-v2`, `tickets`, `metrics`.',
  ),
  trustedProxies: listSetting([], 'Networks of proxies whose `X-Forwarded-For` is believed. Empty: nobody is.'),
  tokens: Type.Object({
    lifetime: durationSetting(4 * hour, { description: 'How long a token from a login lives.', minimum: minute, maximum: day }),
    session: durationSetting(day, {
      description: 'How long a login can be renewed without the password (`POST /api/v3/token/renew`).',
      minimum: minute,
    }),
    rotate: durationSetting(365 * day, {
      description: 'Age at which the key that signs tokens is replaced by the next one.',
      minimum: day,
    }),
    personalLifetime: durationSetting(90 * day, {
      description: 'How long a personal token lives unless it says otherwise.',
      minimum: hour,
    }),
    perUser: integerSetting(50, { description: 'Personal tokens that one user may have.', minimum: 1, maximum: 10_000 }),
  }),
  passwords: Type.Object({
    memory: sizeSetting(64 * mebi, {
      description: 'Memory that one argon2id hash takes (RFC 9106).',
      minimum: 19 * mebi,
      maximum: 1024 * mebi,
    }),
    passes: integerSetting(3, { description: 'Passes of argon2id over that memory.', minimum: 1, maximum: 100 }),
    parallel: integerSetting(4, {
      description: 'Hashes computed at once; some more wait, and the rest is told to come back (503).',
      minimum: 1,
    }),
    least: integerSetting(12, { description: 'The shortest password, in characters.', minimum: 8, maximum: 256 }),
  }),
  guesses: Type.Object({
    free: integerSetting(4, { description: 'Wrong passwords for one name that have no consequence.', minimum: 1, maximum: 100 }),
    firstLock: durationSetting(30 * second, {
      description: 'How long a name is locked after one more; each further one doubles it.',
      minimum: second,
    }),
    longestLock: durationSetting(15 * minute, { description: 'The longest such lock.', minimum: second }),
    perAddress: integerSetting(20, {
      description: 'Wrong passwords from one address within `window`; then it is locked for the rest of it.',
      minimum: 1,
    }),
    window: durationSetting(10 * minute, { description: 'The time over which an address is counted.', minimum: second }),
  }),
  audit: Type.Object({
    size: sizeSetting(16 * mebi, { description: 'Size at which the audit log goes on in a new file.', minimum: 4096 }),
    files: integerSetting(20, { description: 'Files of the audit log that are kept.', minimum: 2, maximum: 100_000 }),
  }),
});

/** Settings of the access. Times are milliseconds, sizes octets. */
export type AccessConfig = Static<typeof accessSettings>;
