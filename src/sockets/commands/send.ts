import { once } from 'node:events';
import { createReadStream } from 'node:fs';
import type { Socket } from 'node:net';
import { setTimeout as pause } from 'node:timers/promises';
import { type Command, Option } from 'commander';
import { type GlobalOptions, withExamples } from '../../cli/command.ts';
import { openOutput } from '../../cli/output.ts';
import { Problem } from '../../core/problem.ts';
import type { NetworkAddress, SocketAddress } from '../address.ts';
import { connectDatagrams, connectTo, unreachable } from '../connect.ts';
import { type TextForm, textWriter } from '../destinations/text.ts';
import type { Frame } from '../frame.ts';
import { createDecoder, frameOf } from '../framing/decoder.ts';
import { encodeFrame } from '../framing/encoder.ts';
import { type Framing, lines, parseFraming } from '../framing/framing.ts';
import { addressWord, durationWord, framingWord } from './words.ts';

type SendOptions = GlobalOptions & {
  frame?: Framing;
  in?: Framing;
  file?: string;
  answer: boolean;
  wait: number;
  connect: number;
  raw?: boolean;
};

const plainAnswer: Framing = parseFraming('raw');

/** Adds `weir sockets send`. */
export function addSend(sockets: Command): void {
  const command = sockets
    .command('send')
    .description('send frames, and print what comes back until the other side ends')
    .argument('<address>', 'tcp://HOST:PORT, udp://HOST:PORT or unix:PATH', addressWord)
    .argument('[text...]', 'a frame each; without them standard input, or --file')
    .option('--frame <framing>', 'how frames go out (line; datagrams need none), and how answers are read', framingWord)
    .option('--in <framing>', 'how the input is cut into frames: lines, unless --frame says raw or fixed', framingWord)
    .option('--file <path>', 'send what is in this file')
    .addOption(new Option('--no-answer', 'end when all is sent, whatever the other side has to say'))
    .option('--wait <time>', 'how long to wait for more of an answer (UDP: for any)', durationWord)
    .option('--connect <time>', 'how long to wait for a connection', durationWord, 10_000)
    .option('--raw', 'print answers as they come, and not a line each')
    .action(async (address: SocketAddress, texts: string[], options: SendOptions, command: Command) => {
      const { json } = command.optsWithGlobals<GlobalOptions>();
      const form: TextForm = json ? 'json' : options.raw ? 'framed' : 'lines';
      const sent =
        address.kind === 'udp' ? await sendDatagrams(address, texts, options, form) : await sendStream(address, texts, options, form);
      openOutput(command).note(`${sent} frames sent`);
    });
  withExamples(
    command,
    "weir sockets send tcp://127.0.0.1:9000 'a line' 'another'",
    'weir sockets send unix:/tmp/in.sock --frame length:4 --file notes.txt',
    "echo '<13>a message' | weir sockets send udp://127.0.0.1:5514 --no-answer",
  );
}

async function sendStream(
  address: Exclude<SocketAddress, { kind: 'udp' }>,
  texts: readonly string[],
  options: SendOptions,
  form: TextForm,
): Promise<number> {
  const { frame = lines, answer, wait = 0, connect } = options;
  const socket = await connectTo(address, connect);
  if (wait > 0) socket.setTimeout(wait, () => socket.destroy(new Problem('timeout', `Nothing came for ${wait / 1000} s.`)));
  const answered = answer ? printAnswer(socket, options.frame ?? plainAnswer, form) : once(socket.resume(), 'close');
  answered.catch(() => {}); // told below
  let sent = 0;
  try {
    for await (const payload of payloads(texts, options)) {
      socket.cork();
      let hasRoom = true;
      for (const piece of encodeFrame(frame, payload)) hasRoom = socket.write(piece);
      process.nextTick(() => socket.uncork());
      sent++;
      if (!hasRoom) await Promise.race([once(socket, 'drain'), answered.then(hungUp)]);
    }
    socket.end();
    if (!answer) socket.once('finish', () => socket.destroySoon());
    await answered;
  } catch (error) {
    throw unreachable(address, error);
  } finally {
    socket.destroy();
  }
  return sent;
}

const hungUp = (): never => {
  throw new Problem('unavailable', 'The other side ended before all was sent.');
};

async function printAnswer(socket: Socket, framing: Framing, form: TextForm): Promise<void> {
  const write = (bytes: Uint8Array) => new Promise<void>((resolve) => process.stdout.write(bytes, () => resolve()));
  const isRaw = framing.kind === 'raw' && form !== 'json';
  const writer = textWriter({ framing, isDatagrams: false, form: isRaw ? 'framed' : form, write, close: async () => {} });
  const peer = `${socket.remoteAddress ?? 'unix'}${socket.remotePort === undefined ? '' : `:${socket.remotePort}`}`;
  let frames: Frame[] = [];
  const decoder = createDecoder(framing, (bytes, start, end) =>
    frames.push({ bytes: frameOf(bytes, start, end), peer, connection: 1, at: Date.now() }),
  );
  const flush = async () => {
    const batch = frames;
    frames = [];
    if (batch.length > 0) await writer.deliver(batch);
  };
  for await (const chunk of socket) {
    decoder.push(chunk as Buffer);
    await flush();
  }
  decoder.end();
  await flush();
}

async function sendDatagrams(address: NetworkAddress, texts: readonly string[], options: SendOptions, form: TextForm): Promise<number> {
  const { answer, wait = 1000 } = options;
  const socket = await connectDatagrams(address);
  const writer = textWriter({
    framing: lines,
    isDatagrams: true,
    form,
    close: async () => {},
    write: async (bytes) => void process.stdout.write(bytes),
  });
  let failure: unknown;
  let lastAt = performance.now();
  socket.on('error', (error) => {
    failure = error;
  });
  socket.on('message', (bytes, { address: host, port }) => {
    lastAt = performance.now();
    if (answer) void writer.deliver([{ bytes, peer: `${host}:${port}`, connection: 0, at: Date.now() }]);
  });
  let sent = 0;
  try {
    for await (const payload of payloads(texts, options)) {
      await new Promise<void>((resolve, reject) => socket.send(payload, (error) => (error ? reject(error) : resolve())));
      sent++;
    }
    // Datagrams have no end: what is not there after a while is not coming.
    for (lastAt = performance.now(); answer && failure === undefined && performance.now() - lastAt < wait; )
      await pause(Math.min(wait, 20));
    if (failure !== undefined) throw failure;
  } catch (error) {
    throw unreachable(address, error);
  } finally {
    socket.close();
  }
  return sent;
}

/** What is to be sent: the words, or the frames of the input. */
async function* payloads(texts: readonly string[], { in: given, frame, file }: SendOptions): AsyncGenerator<Uint8Array> {
  if (texts.length > 0) {
    for (const text of texts) yield Buffer.from(text);
    return;
  }
  const framing = given ?? (frame?.kind === 'raw' || frame?.kind === 'fixed' ? frame : { ...lines, max: 16 * 1024 * 1024 });
  let frames: Uint8Array[] = [];
  const decoder = createDecoder(framing, (bytes, start, end) => frames.push(frameOf(bytes, start, end)));
  for await (const chunk of file === undefined ? process.stdin : createReadStream(file)) {
    decoder.push(chunk as Buffer);
    yield* frames;
    frames = [];
  }
  decoder.end();
  yield* frames;
}
