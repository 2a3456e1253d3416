/** The frames of a capture file, decoded, one after the other: what every way of reading stands on. */
import { readFileBytes } from '../../core/byte-source.ts';
import { decompress } from '../../core/compression.ts';
import { decode } from '../decode.ts';
import type { CaptureInterface } from '../link.ts';
import type { Packet } from '../packet.ts';
import { type CaptureReader, createCaptureReader } from '../reader.ts';

/** Takes one decoded frame; `result` is an index into `outcomes`, `number` counts from 1. Nothing may be kept. */
export type FrameTaker = (view: DataView, offset: number, packet: Packet, link: CaptureInterface, result: number, number: number) => void;

export type ReadFrames = {
  take: FrameTaker;
  /** Called between two pieces of the file: the place to write out, and to answer true when enough was read. */
  pause: () => Promise<boolean> | boolean;
};

/**
 * Reads a capture, packed or not, to its end (`-` is standard input). A fault of the file is thrown after everything good before it was
 * taken and written out.
 */
export async function readFrames(path: string, { take, pause }: ReadFrames): Promise<CaptureReader> {
  let number = 0;
  const reader = createCaptureReader({
    frame(view, offset, packet, link) {
      const result = decode(link.linkType, view, offset, packet);
      take(view, offset, packet, link, result, ++number);
    },
  });
  const source = path === '-' ? (process.stdin as AsyncIterable<Uint8Array>) : readFileBytes(path);
  try {
    for await (const piece of decompress(source)) {
      reader.push(piece);
      if (await pause()) return reader;
    }
    reader.end();
  } catch (fault) {
    await pause();
    throw fault;
  }
  return reader;
}
