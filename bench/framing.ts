/** How fast streams are cut into frames: by the library, and by what is usual in Node. */
import { createDecoder } from '../src/sockets/framing/decoder.ts';
import { encodeFrame } from '../src/sockets/framing/encoder.ts';
import { parseFraming } from '../src/sockets/framing/framing.ts';

export type FramingSpeed = { name: string; framesPerSecond: number; octetsPerSecond: number };

const chunkOctets = 65_536;
const streamOctets = 32 * 2 ** 20;
const leastMs = 500;

/** Measures framings with frames of several lengths, and `split` on text as it is done by hand. */
export function measureFraming(): FramingSpeed[] {
  const ours = [
    ['line', 20],
    ['line', 200],
    ['length:4', 64],
    ['length:4', 60_000],
    ['length:varint', 64],
    ['fixed:64', 64],
    ['delimiter:\\r\\n', 64],
  ] as const;
  return [...ours.map(([framing, length]) => measure(framing, length)), byHand(20), byHand(200)];
}

function streamOf(framing: string, length: number): Buffer[] {
  const [head, ...rest] = encodeFrame(parseFraming(framing), Buffer.alloc(length, 120));
  const frame = Buffer.concat([head as Uint8Array, ...rest]);
  const whole = Buffer.alloc(Math.floor(streamOctets / frame.length) * frame.length, frame);
  return Array.from({ length: Math.ceil(whole.length / chunkOctets) }, (_none, at) =>
    whole.subarray(at * chunkOctets, (at + 1) * chunkOctets),
  );
}

function measure(framing: string, length: number): FramingSpeed {
  const chunks = streamOf(framing, length);
  return repeat(`${framing}, ${length} octets each`, chunks, () => {
    let frames = 0;
    const decoder = createDecoder(parseFraming(framing), () => {
      frames++;
    });
    for (const chunk of chunks) decoder.push(chunk);
    decoder.end();
    return frames;
  });
}

/** `rest += chunk; rest.split('\n')`: text, whose frames are wrong where letters are cut. */
function byHand(length: number): FramingSpeed {
  const chunks = streamOf('line', length);
  return repeat(`split('\\n') by hand, ${length} octets each`, chunks, () => {
    let frames = 0;
    let rest = '';
    for (const chunk of chunks) {
      const lines = (rest + chunk.toString()).split('\n');
      rest = lines.pop() as string;
      frames += lines.length;
    }
    return frames;
  });
}

function repeat(name: string, chunks: readonly Buffer[], work: () => number): FramingSpeed {
  work(); // compiles it
  const octets = chunks.reduce((sum, { length }) => sum + length, 0);
  const begun = process.cpuUsage();
  let frames = 0;
  let rounds = 0;
  let ms = 0;
  while (ms < leastMs) {
    frames += work();
    rounds++;
    ms = process.cpuUsage(begun).user / 1000;
  }
  return { name, framesPerSecond: (frames / ms) * 1000, octetsPerSecond: ((octets * rounds) / ms) * 1000 };
}
