/** Options that several commands have, and how they are read. */
import { InvalidArgumentError } from 'commander';
import { Problem } from '../../core/problem.ts';
import { parseDurationMs, parseSize } from '../../core/quantity.ts';
import { parseSocketAddress, type SocketAddress } from '../address.ts';
import { type Framing, parseFraming } from '../framing/framing.ts';

/** A value that is refused as an option's, with the Problem's words. */
const asOption =
  <Value>(read: (text: string) => Value) =>
  (text: string): Value => {
    try {
      return read(text);
    } catch (error) {
      if (error instanceof Problem) throw new InvalidArgumentError([error.title, error.detail].filter(Boolean).join(' '));
      throw error;
    }
  };

export const addressWord: (text: string) => SocketAddress = asOption((text) => parseSocketAddress(text));
export const framingWord: (text: string) => Framing = asOption(parseFraming);
export const sizeWord: (text: string) => number = asOption((text) => parseSize(text, 'size'));
export const durationWord: (text: string) => number = asOption((text) => parseDurationMs(text, 'time', 's'));
/** Words of an option that may be given again and again. */
export const another = (text: string, before: string[]): string[] => [...before, text];
