/**
 * The words of `weir serve` and `weir config`. What they do stands in `commands.ts`, read when one of them runs: help and
 * completion ask for the words only, and must not load the store and its engine.
 */
import type { Command } from 'commander';
import { withExamples } from '../cli/command.ts';

/** Adds `weir serve` and `weir config`. */
export function addCommands(program: Command): void {
  const serve = configured(program.command('serve').description('run the server'))
    .option('--listen <address>', 'HOST:PORT (port 0: any free one) or unix:PATH')
    .option('--check', 'read the configuration, say whether it is right, and start nothing')
    .action(async (_options, serve: Command) => (await import('./commands.ts')).runServe(serve));
  withExamples(
    serve,
    'weir serve',
    'weir serve --listen 127.0.0.1:9090 --data ./data',
    'weir serve --set server.drainTimeout=1m --log-level debug',
  );
  const config = configured(program.command('config').description('print the configuration in force'))
    .option('--list', 'list every setting with its type, default and environment variable')
    .action(async (_options, config: Command) => (await import('./commands.ts')).runConfig(config));
  withExamples(config, 'weir config', 'weir config --list', 'WEIR_SERVER_LISTEN=127.0.0.1:9090 weir config');
}

function configured(command: Command): Command {
  return command
    .option('--config <file>', 'the configuration file (else WEIR_CONFIG, $XDG_CONFIG_HOME/weir/weir.json, /etc/weir/weir.json)')
    .option('--set <setting=value>', 'set one setting; may be repeated', (text: string, all: string[]) => [...all, text], [])
    .option('--log-level <level>', 'fatal, error, warn, info, debug, trace or silent');
}
