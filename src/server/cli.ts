/**
 * The words of `weir serve` and `weir config`. What they do stands in `commands.ts`, read when one of them runs: help and
 * completion ask for the words only, and must not load the store and its engine.
 */
import { type Command, Option } from 'commander';
import { withExamples } from '../cli/command.ts';

/** Adds `weir serve` and `weir config`. */
export function addCommands(program: Command): void {
  addTls(program);
  const serve = configured(program.command('serve').description('run the server'))
    .option('--listen <address>', 'HOST:PORT (port 0: any free one) or unix:PATH')
    .addOption(tlsOption())
    .addOption(certOption())
    .option('--tls-key <file>', 'for --tls files: its key (PEM)')
    .option('--check', 'read the configuration, say whether it is right, and start nothing')
    .action(async (_options, serve: Command) => (await import('./commands.ts')).runServe(serve));
  withExamples(
    serve,
    'weir serve',
    'weir serve --listen 127.0.0.1:9090 --data ./data',
    'weir serve --listen 0.0.0.0:8443 --tls self-signed',
    'weir serve --listen 0.0.0.0:443 --tls files --tls-cert fullchain.pem --tls-key key.pem',
    'weir serve --set server.drainTimeout=1m --log-level debug',
  );
  const config = configured(program.command('config').description('print the configuration in force'))
    .option('--list', 'list every setting with its type, default and environment variable')
    .action(async (_options, config: Command) => (await import('./commands.ts')).runConfig(config));
  withExamples(config, 'weir config', 'weir config --list', 'WEIR_SERVER_LISTEN=127.0.0.1:9090 weir config');
}

/** Adds `weir tls fingerprint` and `weir tls show`. */
function addTls(program: Command): void {
  const tls = program.command('tls').description('show the certificate of a server');
  const print = (name: string, description: string) =>
    configured(tls.command(name).description(description)).addOption(tlsOption()).addOption(certOption());
  const fingerprint = print('fingerprint', 'print the SHA-256 fingerprint that clients pin (--pin)')
    .option('--public-key', 'that of the public key instead, which outlives renewals')
    .action(async (_options, command: Command) => (await import('./commands.ts')).runFingerprint(command));
  withExamples(
    fingerprint,
    'weir tls fingerprint --data /var/lib/weir --tls self-signed',
    'weir tls fingerprint --config weir.json --public-key',
  );
  const show = print('show', 'print what the certificate says')
    .option('--pem', 'print the certificate itself, for --cacert of clients')
    .action(async (_options, command: Command) => (await import('./commands.ts')).runShow(command));
  withExamples(tls, 'weir tls fingerprint', 'weir tls show --pem > weir.pem');
  withExamples(show, 'weir tls show --config weir.json', 'weir tls show --tls self-signed --pem > weir.pem');
}

const tlsOption = (): Option =>
  new Option('--tls <mode>', 'off, self-signed (a certificate that Weir makes) or files (yours)').choices(['off', 'self-signed', 'files']);

const certOption = (): Option => new Option('--tls-cert <file>', 'for --tls files: the certificate (PEM), with those up to its authority');

function configured(command: Command): Command {
  return command
    .option('--config <file>', 'the configuration file (else WEIR_CONFIG, $XDG_CONFIG_HOME/weir/weir.json, /etc/weir/weir.json)')
    .option('--set <setting=value>', 'set one setting; may be repeated', (text: string, all: string[]) => [...all, text], [])
    .option('--log-level <level>', 'fatal, error, warn, info, debug, trace or silent');
}
