import { type Static, Type } from 'typebox';
import { logLevels } from '../core/log.ts';
import { choiceSetting, durationSetting, integerSetting, listSetting, sizeSetting, switchSetting, textSetting } from '../core/setting.ts';
import { corsSetting, rateLimitSettings } from './manners/config.ts';
import { tlsSettings } from './tls/config.ts';

const seconds = 1000;
const minutes = 60 * seconds;

/** The settings of the server itself; every room brings its own beside them. */
export const serverSettings = Type.Object({
  listen: textSetting('127.0.0.1:8080', 'Where to listen: `HOST:PORT` (IPv6 in brackets, port 0 for any free one) or `unix:PATH`.'),
  data: textSetting('', 'The data directory. Empty: `$XDG_DATA_HOME/weir`, or `/var/lib/weir` for root.'),
  insecureListen: switchSetting(
    false,
    'Listen on an address that other machines reach although no user guards it: everyone on that network can then read and change everything.',
  ),
  hostNames: listSetting(
    [],
    'Names besides `localhost` that requests may use in `Host` while bound to loopback (a name in your `/etc/hosts`, say).',
  ),
  bodyLimit: sizeSetting(2 ** 20, { description: 'The largest request body. Imports are exempt: they stream.', minimum: 1024 }),
  headerLimit: sizeSetting(16 * 1024, { description: 'The largest request line with all headers.', minimum: 1024, maximum: 2 ** 20 }),
  headerTimeout: durationSetting(10 * seconds, {
    description: 'How long a client may take to send the headers of a request.',
    minimum: 100,
  }),
  requestTimeout: durationSetting(30 * seconds, {
    description:
      'How long a client may take to send a whole request. An import only has to send something within this time, again and again.',
    minimum: 100,
  }),
  keepAliveTimeout: durationSetting(72 * seconds, { description: 'How long an idle connection is kept for the next request.', minimum: 0 }),
  idleTimeout: durationSetting(5 * minutes, {
    description:
      'How long a connection with a request under way may stay without a single octet in either direction, as when a client stops reading. 0: for ever.',
  }),
  drainTimeout: durationSetting(20 * seconds, {
    description: 'How long answers under way may go on after SIGTERM before their connections are broken.',
  }),
  maxConnections: integerSetting(10_000, { description: 'Connections at once; more are refused.', minimum: 1 }),
  maxConnectionsPerAddress: integerSetting(100, {
    description:
      'Connections at once from one address; more are refused. Addresses of this machine and `access.trustedProxies` are not counted. 0: any number.',
    minimum: 0,
  }),
  redirectFrom: textSetting(
    '',
    'With TLS: an address `HOST:PORT` for plain HTTP that leads browsers to HTTPS and refuses everything else. Empty: none.',
  ),
  tls: tlsSettings,
  cors: corsSetting,
  rateLimit: rateLimitSettings,
  pretty: switchSetting(
    true,
    'Indent JSON answers for clients that accept anything (`*/*`, as curl says); `application/json` stays compact.',
  ),
});

export type ServerConfig = Static<typeof serverSettings>;

/** The settings of the log. */
export const logSettings = Type.Object({
  level: choiceSetting(logLevels, 'info', 'The least severe messages to write. `debug` adds a line for each request.'),
});
