import type { Command } from 'commander';
import { withExamples } from '../cli/command.ts';
import { findConfigFile, listSettings, loadConfig } from '../core/config.ts';
import { defaultDataFolder } from '../core/data-home.ts';
import { createLog } from '../core/log.ts';
import { untilSignal } from '../core/shutdown.ts';
import { version } from '../core/version.ts';
import { type Config, roomsOf, settings } from './rooms.ts';
import { createServer } from './server.ts';

type ServeOptions = { listen?: string; data?: string; config?: string; set: string[]; logLevel?: string; check?: boolean };

/** Adds `weir serve` and `weir config`. */
export function addCommands(program: Command): void {
  const serve = configured(program.command('serve').description('run the server'))
    .option('--listen <address>', 'HOST:PORT (port 0: any free one) or unix:PATH')
    .option('--check', 'read the configuration, say whether it is right, and start nothing')
    .action(runServe);
  withExamples(
    serve,
    'weir serve',
    'weir serve --listen 127.0.0.1:9090 --data ./data',
    'weir serve --set server.drainTimeout=1m --log-level debug',
  );
  const config = configured(program.command('config').description('print the configuration in force'))
    .option('--list', 'list every setting with its type, default and environment variable')
    .action(runConfig);
  withExamples(config, 'weir config', 'weir config --list', 'WEIR_SERVER_LISTEN=127.0.0.1:9090 weir config');
}

function configured(command: Command): Command {
  return command
    .option('--config <file>', 'the configuration file (else WEIR_CONFIG, $XDG_CONFIG_HOME/weir/weir.json, /etc/weir/weir.json)')
    .option('--set <setting=value>', 'set one setting; may be repeated', (text: string, all: string[]) => [...all, text], [])
    .option('--log-level <level>', 'fatal, error, warn, info, debug, trace or silent');
}

function readConfig(options: ServeOptions): Config {
  const file = findConfigFile(options.config, process.env);
  const flags = { 'server.listen': options.listen, 'server.data': options.data, 'log.level': options.logLevel };
  return loadConfig(settings, { file, environment: process.env, assignments: options.set, flags });
}

async function runServe(_options: unknown, command: Command): Promise<void> {
  const options = command.optsWithGlobals<ServeOptions>();
  const config = readConfig(options);
  const log = createLog({ level: config.log.level });
  const data = config.server.data || defaultDataFolder();
  const server = createServer(config.server, { log, data, rooms: roomsOf(config) });
  if (options.check) {
    process.stdout.write('The configuration is right.\n');
    return;
  }
  const address = await server.start();
  process.stdout.write(`weir ${version} listening on ${address}, data in ${data}\n`);
  await untilSignal({ stop: server.stop, log });
}

function runConfig(_options: unknown, command: Command): void {
  const options = command.optsWithGlobals<ServeOptions & { list?: boolean }>();
  if (!options.list) {
    process.stdout.write(`${JSON.stringify(readConfig(options), null, 2)}\n`);
    return;
  }
  for (const { path, type, default: usual, variable, description } of listSettings(settings)) {
    process.stdout.write(`${path}\n  ${description}\n  ${type}, default ${usual === '' ? 'empty' : usual}; ${variable}\n`);
  }
}
