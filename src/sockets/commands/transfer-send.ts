import { once } from 'node:events';
import type { Socket } from 'node:net';
import { type Command, Option } from 'commander';
import { type GlobalOptions, withExamples } from '../../cli/command.ts';
import { openOutput } from '../../cli/output.ts';
import { ProgressBar } from '../../cli/progress.ts';
import { currentTrust, trustedConnection, trustProblem } from '../../cli/trust.ts';
import { Problem } from '../../core/problem.ts';
import { type SocketAddress, showAddress } from '../address.ts';
import { connectTo, unreachable } from '../connect.ts';
import { Channel } from '../transfer/channel.ts';
import { type DigestName, digestNames } from '../transfer/digest.ts';
import { Pace } from '../transfer/pace.ts';
import { type SentFile, sendFiles } from '../transfer/sender.ts';
import { findSources } from '../transfer/sources.ts';
import { readToken } from './token.ts';
import { tellFile } from './transfer-receive.ts';
import { addressWord, durationWord, sizeWord } from './words.ts';

type Options = GlobalOptions & {
  to: SocketAddress;
  digest: DigestName;
  rate?: number;
  tokenFile?: string;
  tls?: boolean;
  idle: number;
  connect: number;
};

/** Programs get an event as often at most. */
const eventMs = 100;

/** Adds `weir sockets transfer send`. */
export function addTransferSend(transfer: Command): void {
  const command = transfer
    .command('send')
    .description('send files and folders; what was begun before goes on where it stopped')
    .argument('<path...>', 'files and folders')
    .requiredOption('--to <address>', 'tcp://HOST:PORT or unix:PATH', addressWord)
    .addOption(new Option('--digest <name>', 'checksum of each file').choices([...digestNames]).default('sha256'))
    .option('--rate <size>', 'bytes a second at most', sizeWord)
    .option('--token-file <file>', 'the token that the receiver asks for (or WEIR_TRANSFER_TOKEN)')
    .option('--tls', 'encrypt; --cacert, --pin and --insecure say whom to trust')
    .option('--idle <time>', 'give up a receiver that is silent for so long', durationWord, 30_000)
    .option('--connect <time>', 'how long to wait for a connection', durationWord, 10_000)
    .action(async (paths: string[], options: Options, command: Command) => send(paths, options, command));
  withExamples(
    command,
    'weir sockets transfer send report.pdf --to tcp://127.0.0.1:7010',
    'weir sockets transfer send photos --to tcp://192.0.2.7:7010 --rate 5MB --token-file token --tls --pin FINGERPRINT',
    'weir sockets transfer send big.iso --to unix:/tmp/in.sock --digest blake3 --json',
  );
}

async function send(paths: readonly string[], options: Options, command: Command): Promise<void> {
  const { to, digest, rate = Number.POSITIVE_INFINITY } = options;
  if (to.kind === 'udp') throw new Problem('invalid', 'Files need a connection: TCP or a Unix socket.', { pointer: '--to' });
  const output = openOutput(command);
  const token = readToken(options.tokenFile);
  const sources = await findSources(paths, (path, why) => output.note(`${path} is left out: ${why}`));
  const bar = new ProgressBar({ label: 'sending', quiet: output.quiet || output.form === 'json' });
  let toldAt = 0;
  const onProgress = (name: string, bytes: number, size: number) => {
    if (output.form !== 'json') return bar.update({ bytes, total: size, remark: name });
    const now = performance.now();
    if (now - toldAt < eventMs) return;
    toldAt = now;
    output.json({ event: 'progress', name, bytes, size });
  };
  const onFile = (file: SentFile): void => {
    bar.end();
    tellFile(output, file);
  };
  const channel = new Channel(await open(to, options), { idleMs: options.idle, peer: to });
  try {
    await sendFiles(channel, sources, { token, digest, pace: new Pace(rate), onProgress, onFile });
  } finally {
    bar.end();
    channel.destroy();
  }
}

async function open(to: Exclude<SocketAddress, { kind: 'udp' }>, { tls, connect }: Options): Promise<Socket> {
  if (tls !== true) return await connectTo(to, connect);
  if (to.kind === 'unix') throw new Problem('invalid', 'A Unix socket stays on this machine: it needs no TLS.', { pointer: '--tls' });
  const socket = trustedConnection({ host: to.host, port: to.port }, currentTrust());
  try {
    await once(socket, 'trusted', { signal: AbortSignal.timeout(connect) });
    return socket.setNoDelay(true);
  } catch (error) {
    socket.destroy();
    throw trustProblem(error, showAddress(to)) ?? unreachable(to, error);
  }
}
