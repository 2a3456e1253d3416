import { existsSync } from 'node:fs';
import type { Command } from 'commander';
import { listSettings, loadConfig } from '../core/config.ts';
import { findConfigFile } from '../core/config-file.ts';
import { defaultDataFolder } from '../core/data-home.ts';
import { createLog } from '../core/log.ts';
import { untilSignal } from '../core/shutdown.ts';
import { version } from '../core/version.ts';
import { type Config, roomsOf, settings } from './rooms.ts';
import { Server } from './server.ts';
import { type CertificatePlace, printCertificate, printFingerprint, type TlsOptions } from './tls/commands.ts';
import { filesOf, selfSignedFiles, type Tls } from './tls/index.ts';

type ServeOptions = {
  listen?: string;
  tls?: string;
  tlsCert?: string;
  tlsKey?: string;
  data?: string;
  config?: string;
  set: string[];
  logLevel?: string;
  check?: boolean;
};

function readConfig(options: ServeOptions): Config {
  const file = findConfigFile(options.config, process.env);
  const flags = {
    'server.listen': options.listen,
    'server.data': options.data,
    'server.tls.mode': options.tls,
    'server.tls.cert': options.tlsCert,
    'server.tls.key': options.tlsKey,
    'log.level': options.logLevel,
    // The name that services are given it by; the setting's own variable means the same.
    'access.adminPasswordFile': process.env.WEIR_ADMIN_PASSWORD_FILE,
  };
  return loadConfig(settings, { file, environment: process.env, assignments: options.set, flags });
}

/** Runs the server until a signal ends it (`--check`: only reads its configuration). */
export async function runServe(command: Command): Promise<void> {
  const options = command.optsWithGlobals<ServeOptions>();
  const config = readConfig(options);
  const log = createLog({ level: config.log.level });
  const data = config.server.data || defaultDataFolder();
  const server = new Server(config.server, { log, data, rooms: roomsOf(config) });
  if (options.check) {
    process.stdout.write('The configuration is right.\n');
    return;
  }
  const address = await server.start();
  process.stdout.write(`weir ${version} listening on ${address}, data in ${data}\n`);
  // Standard output has the one line that scripts wait for.
  if (!server.hasUsers) process.stderr.write(`no user yet: ${firstUser(data)}\n`);
  if (server.tls !== undefined) process.stdout.write(`certificate SHA-256 ${server.tls.facts.fingerprint}, ${lifeOf(server.tls)}\n`);
  const hasFiles = config.server.tls.mode === 'files';
  await untilSignal({ stop: () => server.stop(), log, ...(hasFiles && { reload: () => server.reload() }) });
}

const firstUser = (data: string): string =>
  `this machine alone may come in, and do everything. weir users add NAME --role admin (or, before a start, with --data ${data})`;

const lifeOf = ({ facts }: Tls): string =>
  `${facts.issuer === facts.subject ? 'self-signed, ' : ''}valid until ${new Date(facts.until).toISOString().slice(0, 10)}`;

/** Prints the fingerprint of the certificate that a server of this configuration has. */
export function runFingerprint(command: Command): void {
  printFingerprint(command.optsWithGlobals<ServeOptions & TlsOptions>(), placeOf(command));
}

/** Prints what the certificate of this configuration says. */
export function runShow(command: Command): void {
  printCertificate(command, placeOf(command));
}

function placeOf(command: Command): CertificatePlace {
  const { server } = readConfig(command.optsWithGlobals<ServeOptions>());
  const data = server.data || defaultDataFolder();
  // `serve --tls self-signed` leaves no setting behind, only the certificate that it made.
  const made = selfSignedFiles(data).cert;
  if (server.tls.mode === 'off' && existsSync(made)) return { mode: 'self-signed', file: made };
  return { mode: server.tls.mode, file: filesOf(server.tls, data).cert };
}

/** Prints the configuration in force, or with `--list` every setting. */
export function runConfig(command: Command): void {
  const options = command.optsWithGlobals<ServeOptions & { list?: boolean }>();
  if (!options.list) {
    process.stdout.write(`${JSON.stringify(readConfig(options), null, 2)}\n`);
    return;
  }
  for (const { path, type, default: usual, variable, description } of listSettings(settings)) {
    process.stdout.write(`${path}\n  ${description}\n  ${type}, default ${usual === '' ? 'empty' : usual}; ${variable}\n`);
  }
}
