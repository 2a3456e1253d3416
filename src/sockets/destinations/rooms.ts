import { Problem } from '../../core/problem.ts';
import type { Frame } from '../frame.ts';
import { textOf } from '../framing/escapes.ts';
import type { Delivery, Destination } from '../outlet.ts';
import type { House } from './house.ts';
import { jsonOf } from './text.ts';

/** Records of one request. */
const together = 500;

/** Each frame a record: a JSON object as it is, anything else as `{"at","peer","text"}`. */
export function recordsDestination(house: House, collection: string): Destination {
  const add = (frames: readonly Frame[]) => house.addRecords(collection, frames.map(recordOf));
  return {
    lingerMs: 20,
    close: async () => {},
    deliver: async (frames) => {
      const sum: Delivery = { refused: 0 };
      for (let at = 0; at < frames.length; at += together) {
        const part = frames.slice(at, at + together);
        await allOrEach(part, add, sum);
      }
      return sum;
    },
  };
}

/** Each frame a ticket: its text is the description. */
export function ticketsDestination(house: House, listener: string): Destination {
  const open = async ([frame]: readonly Frame[]) => {
    const description = textOf((frame as Frame).bytes)?.trim() ?? '';
    if (description === '') throw new Problem('unprocessable', 'A ticket needs a text, and this frame has none.');
    await house.openTicket({ description, peer: (frame as Frame).peer, listener });
  };
  return {
    lingerMs: 0,
    close: async () => {},
    deliver: async (frames) => {
      const sum: Delivery = { refused: 0 };
      for (const frame of frames) await each([frame], open, sum);
      return sum;
    },
  };
}

/** Those that are refused together are tried one by one, so that one bad frame costs no other. */
async function allOrEach(frames: readonly Frame[], work: (frames: readonly Frame[]) => Promise<void>, sum: Delivery): Promise<void> {
  try {
    await work(frames);
  } catch (error) {
    if (!isRefusal(error)) throw error;
    if (frames.length === 1) refuse(sum, error);
    else for (const frame of frames) await each([frame], work, sum);
  }
}

async function each(frames: readonly Frame[], work: (frames: readonly Frame[]) => Promise<void>, sum: Delivery): Promise<void> {
  try {
    await work(frames);
  } catch (error) {
    if (!isRefusal(error)) throw error;
    refuse(sum, error);
  }
}

const refusals = new Set(['invalid', 'unprocessable', 'too-large', 'conflict']);
const isRefusal = (error: unknown): error is Problem => error instanceof Problem && refusals.has(error.code);

function refuse(sum: Delivery, error: Problem): void {
  sum.refused++;
  sum.reason ??= error.message;
}

function recordOf(frame: Frame): Record<string, unknown> {
  try {
    const value: unknown = JSON.parse(textOf(frame.bytes) ?? '');
    if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value as Record<string, unknown>;
  } catch {
    // not JSON: kept as a text, with what is known of it
  }
  return jsonOf(frame);
}
