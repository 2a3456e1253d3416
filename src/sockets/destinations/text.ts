import type { Frame } from '../frame.ts';
import { frameOf } from '../framing/decoder.ts';
import { encodeFrame } from '../framing/encoder.ts';
import { textOf, visible } from '../framing/escapes.ts';
import type { Framing } from '../framing/framing.ts';
import type { Destination } from '../outlet.ts';

/**
 * `framed`: as they came, in their own framing, so that the file is read as the stream was (datagrams: a line each). `lines`: one a line,
 * with what is no text as `\xHH`. `json`: one object a line, with peer and time.
 */
export type TextForm = 'framed' | 'lines' | 'json';

export type TextWriterOptions = {
  framing: Framing;
  isDatagrams: boolean;
  form: TextForm;
  write(bytes: Uint8Array): Promise<void>;
  close(): Promise<void>;
};

const lineFeed = Uint8Array.of(10);

/** Writes frames somewhere, batch by batch. */
export function textWriter({ framing, isDatagrams, form, write, close }: TextWriterOptions): Destination {
  const shape = {
    json: jsonLine,
    lines: visibleLine,
    framed: isDatagrams ? plainLine : (frame: Frame) => encodeFrame(framing, frame.bytes),
  }[form];
  return {
    lingerMs: 0,
    close,
    deliver: async (frames) => {
      await write(Buffer.concat(frames.flatMap(shape)));
      return { refused: 0 };
    },
  };
}

const plainLine = ({ bytes }: Frame): Uint8Array[] => [bytes, lineFeed];
const visibleLine = ({ bytes }: Frame): Uint8Array[] => [Buffer.from(visible(bytes)), lineFeed];

/** `{"at","peer","text"}`, or `"base64"` in place of the text where it is none. */
export function jsonOf({ bytes, peer, at }: Frame): Record<string, unknown> {
  const text = textOf(bytes);
  return {
    at: new Date(at).toISOString(),
    peer,
    ...(text === undefined ? { base64: Buffer.from(frameOf(bytes, 0, bytes.length)).toString('base64') } : { text }),
  };
}

const jsonLine = (frame: Frame): Uint8Array[] => [Buffer.from(`${JSON.stringify(jsonOf(frame))}\n`)];
