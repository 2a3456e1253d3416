/** Settings of the keys: what may be changed, its default and why it is so. */
import { type Static, Type } from 'typebox';
import { choiceSetting, integerSetting, listSetting, sizeSetting, textSetting } from '../core/setting.ts';

const mebi = 1024 * 1024;

/** The part `keys` of the configuration. */
export const keysSettings = Type.Object({
  engine: choiceSetting(
    ['embedded', 'etcd'],
    'embedded',
    'Who keeps the keys: `embedded` in the data directory of this server, or an `etcd` cluster that several servers share.',
  ),
  listen: listSetting(
    [],
    "Addresses that speak etcd's v2 API alone, beside the routes of `server.listen`: `127.0.0.1:2379` is where its clients look.",
  ),
  tls: choiceSetting(
    ['inherit', 'off'],
    'inherit',
    'Whether `keys.listen` speaks HTTPS: as the server does, with the same certificate, or not at all, for clients that cannot.',
  ),
  history: integerSetting(1000, {
    description: 'Changes kept for watchers that come back (`waitIndex`); etcd keeps 1000. A watcher behind them gets error 401.',
    minimum: 1000,
    maximum: 10_000_000,
  }),
  cors: listSetting(['*'], 'Origins that the etcd v2 answers name in their CORS headers; `*` for any, empty for none.'),
  limits: Type.Object({
    key: sizeSetting(4000, { description: 'The longest key, in octets.', minimum: 256, maximum: 4000 }),
    value: sizeSetting(10 * mebi, {
      description: 'The largest value. On an `etcd` cluster no more than 500 KiB, whatever is set.',
      minimum: 1024,
      maximum: 10 * mebi,
    }),
    watchers: integerSetting(100_000, { description: 'Watches at once; more are refused with error 300.', minimum: 1 }),
  }),
  etcd: Type.Object({
    endpoints: listSetting([], 'Client URLs of the cluster (`http://10.0.0.1:2379`), for `keys.engine` `etcd`.'),
    prefix: textSetting('/weir', 'Where in the cluster all keys of Weir are; servers with the same prefix share them.'),
    user: textSetting('', 'The user of the cluster; empty for none.'),
    passwordFile: textSetting('', 'A file with the password of that user.'),
    ca: textSetting('', 'A file with the authority (PEM) that signed the certificates of the cluster.'),
    cert: textSetting('', 'A file with the client certificate (PEM).'),
    key: textSetting('', 'A file with its key (PEM).'),
  }),
});

/** Settings of the keys. Sizes are octets. */
export type KeysConfig = Static<typeof keysSettings>;
