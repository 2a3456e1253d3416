import { type Command, Option } from 'commander';
import { type GlobalOptions, wholeNumber, withExamples } from '../../cli/command.ts';
import { formatBytes } from '../../cli/format.ts';
import { type Output, openOutput } from '../../cli/output.ts';
import { ProgressBar } from '../../cli/progress.ts';
import { Problem } from '../../core/problem.ts';
import { parseSocketAddress, type SocketAddress, showAddress } from '../address.ts';
import { readAllowed } from '../allowed.ts';
import { Folder } from '../transfer/folder.ts';
import type { ReceivedFile } from '../transfer/receiver.ts';
import { serveTransfers, tlsOf } from '../transfer/serve.ts';
import { readToken } from './token.ts';
import { untilStopped } from './until-stopped.ts';
import { another, durationWord, sizeWord } from './words.ts';

type Options = GlobalOptions & {
  into: string;
  overwrite?: boolean;
  hidden?: boolean;
  maxSize: number;
  atOnce: number;
  idle: number;
  once?: boolean;
  sync: boolean;
  tokenFile?: string;
  allow: string[];
  tls?: boolean;
  cert?: string;
  key?: string;
};

const usual = 'tcp://127.0.0.1:7010';

/** Adds `weir sockets transfer receive`. */
export function addReceive(transfer: Command): void {
  const command = transfer
    .command('receive')
    .description('take files into a folder, until Ctrl-C')
    .argument('[address]', 'tcp://HOST:PORT (port 0: any free one) or unix:PATH', usual)
    .option('--into <folder>', 'where files go', '.')
    .option('--overwrite', 'replace files of the same name; otherwise they are rejected')
    .option('--hidden', 'take names that begin with a dot')
    .option('--max-size <size>', 'bytes of a file at most', sizeWord, 10 * 1024 ** 3)
    .option('--at-once <count>', 'senders at once', wholeNumber(1), 4)
    .option('--idle <time>', 'give up a sender that is silent for so long', durationWord, 30_000)
    .option('--once', 'end with the first sender')
    .addOption(new Option('--no-sync', 'do not wait until files are on the disk'))
    .option('--token-file <file>', 'take files from those alone who know the token in this file (or in WEIR_TRANSFER_TOKEN)')
    .addOption(new Option('--allow <network>', 'take files from these networks (and this machine) alone').argParser(another).default([]))
    .option('--tls', 'encrypt; needs --cert and --key')
    .option('--cert <file>', 'certificate (PEM)')
    .option('--key <file>', 'its key (PEM)')
    .action(async (address: string, options: Options, command: Command) => receive(parseSocketAddress(address), options, command));
  withExamples(
    command,
    'weir sockets transfer receive --into inbox',
    'weir sockets transfer receive tcp://192.0.2.7:7010 --into inbox --token-file token --tls --cert certificate.pem --key key.pem',
    'weir sockets transfer receive unix:/tmp/in.sock --once --json',
  );
}

async function receive(address: SocketAddress, options: Options, command: Command): Promise<void> {
  if (address.kind === 'udp') throw new Problem('invalid', 'Files need a connection: TCP or a Unix socket.', { pointer: 'address' });
  const output = openOutput(command);
  const token = readToken(options.tokenFile);
  const folder = await Folder.open(options.into);
  const end = Promise.withResolvers<void>();
  const bar = new ProgressBar({ label: 'receiving', quiet: output.quiet || output.form === 'json' });
  const server = await serveTransfers(address, {
    atOnce: options.atOnce,
    idleMs: options.idle,
    allowed: options.allow.length === 0 ? undefined : readAllowed(options.allow, '--allow'),
    ...(options.tls && { tls: tlsOf(options.cert, options.key) }),
    receive: {
      folder,
      token,
      maxSize: options.maxSize,
      overwrites: options.overwrite ?? false,
      allowsHidden: options.hidden ?? false,
      syncs: options.sync,
      onProgress: (remark, bytes, total) => bar.update({ bytes, total, remark }),
      onFile: (file) => {
        bar.end();
        tellFile(output, file);
      },
    },
    onEnd: (peer, error) => {
      bar.end();
      if (error !== undefined) tellFault(output, peer, error);
      if (options.once) end.resolve();
    },
  });
  try {
    output.note(`receiving on ${showAddress(server.bound)} into ${folder.root}${warningOf(address, options)}`);
    await Promise.race([untilStopped(output, async () => {}), end.promise]);
  } finally {
    await server.close();
    bar.end();
  }
}

const warningOf = (address: SocketAddress, { tls, tokenFile }: Options): string =>
  address.kind === 'unix' || tls ? '' : ` (not encrypted${tokenFile === undefined ? ', and from anybody who reaches it' : ''})`;

/** One file, as both sides tell it. */
export function tellFile(output: Output, file: ReceivedFile) {
  const { name, size, outcome, sum, resumedAt, text } = file;
  if (output.form === 'json')
    return output.json({ event: 'file', name, size, outcome, sum, resumed_at: resumedAt, ...(text !== undefined && { text }) });
  if (outcome === 'ok') {
    const resumed = resumedAt > 0 ? `, resumed at ${formatBytes(resumedAt)}` : '';
    return output.line(`${name}  ${formatBytes(size)}${resumed}${sum === null ? ', not checked' : `  ${sum}`}`);
  }
  process.exitCode = 1;
  output.note(`${name} was not taken: ${text ?? outcome.replace('_', ' ')}`);
}

function tellFault(output: Output, peer: string, error: unknown): void {
  process.exitCode = 1;
  const { message, detail } = error as Error & { detail?: string };
  if (output.form === 'json') output.json({ event: 'fault', peer, message, ...(detail !== undefined && { detail }) });
  else output.note(`${peer}: ${message}${detail === undefined ? '' : ` (${detail})`}`);
}
