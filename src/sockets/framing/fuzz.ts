/** Any bytes, cut anywhere, under many framings: the frames of one piece and of many are the same, and only Problems come. */
import { Problem } from '../../core/problem.ts';
import { createDecoder } from './decoder.ts';
import { encodeFrame } from './encoder.ts';
import { type Framing, parseFraming, showFraming } from './framing.ts';

export const fuzzedFramings: readonly Framing[] = [
  'raw',
  'line',
  'line/max=16',
  'fixed:1',
  'fixed:7/partial=emit',
  'length:1',
  'length:2/little/inclusive',
  'length:4/max=100',
  'length:varint',
  'delimiter:\\x00/max=20',
  'delimiter:\\r\\n/final=emit',
  'delimiter:aab/crlf',
  'delimiter:,/escape/final=emit/crlf',
].map(parseFraming);

const texts = ['a\nbb\r\n\n', '\x05hello\x00', '\x00\x00\x00\x03abc\x00\x00\x00\x00', 'xaabaaaabb', 'a\\,b,c\\\\,', '\xff\xff\xff\xff\xff'];
export const framingSeeds: readonly Uint8Array[] = texts.map((text) => Uint8Array.from(Buffer.from(text, 'latin1')));

type Outcome = { frames: string[]; fault?: unknown };

/** Throws when something else than a Problem comes, frames depend on how bytes are cut, or a frame does not come back from its encoding. */
export function fuzzFraming(bytes: Uint8Array): void {
  const step = 1 + ((bytes[0] ?? 0) % 13);
  for (const framing of fuzzedFramings) {
    const whole = outcome(framing, [bytes]);
    if (framing.kind === 'raw') continue;
    const cut = Array.from({ length: Math.ceil(bytes.length / step) }, (_none, at) => bytes.slice(at * step, (at + 1) * step));
    if (JSON.stringify(whole) !== JSON.stringify(outcome(framing, cut)))
      throw new Error(`${showFraming(framing)}: cutting changes the frames`);
    for (const frame of whole.frames) checkReturn(framing, Buffer.from(frame, 'latin1'));
  }
  try {
    const framing = parseFraming(Buffer.from(bytes).toString('latin1'));
    parseFraming(showFraming(framing));
  } catch (error) {
    if (!(error instanceof Problem)) throw error;
  }
}

/** The frames of chunks, and the fault that ended them. */
export function outcome(framing: Framing, chunks: readonly Uint8Array[]): Outcome {
  const frames: string[] = [];
  const decoder = createDecoder(
    framing,
    (bytes, start, end) => void frames.push(Buffer.from(bytes.subarray(start, end)).toString('latin1')),
  );
  try {
    for (const chunk of chunks) decoder.push(chunk);
    decoder.end();
    return { frames };
  } catch (error) {
    if (!(error instanceof Problem)) throw error;
    return { frames, fault: error.facts?.fault };
  }
}

function checkReturn(framing: Framing, frame: Uint8Array): void {
  let pieces: Uint8Array[];
  try {
    pieces = encodeFrame(framing, frame);
  } catch (error) {
    if (error instanceof Problem) return;
    throw error;
  }
  const { frames } = outcome(framing, pieces);
  if (frames.length !== 1 || frames[0] !== Buffer.from(frame).toString('latin1'))
    throw new Error(`${showFraming(framing)}: a frame does not come back`);
}
