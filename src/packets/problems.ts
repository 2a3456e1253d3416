import { Problem } from '../core/problem.ts';

/** Where in a capture a fault was met. */
export type CapturePlace = {
  /** Octets from the start of the (unwrapped) file to the record or block at fault. */
  offset: number;
  /** Whole packets delivered before it; the packet at fault is the next one. */
  goodPackets: number;
};

/** The input is no capture at all, or of a version that cannot be read. Nothing was delivered. */
export function unreadableCapture(detail: string, hint?: string): Problem {
  return new Problem('unprocessable', 'This file cannot be read as a capture', {
    detail,
    facts: { offset: 0, packet: 1 },
    ...(hint === undefined ? {} : { hint }),
  });
}

/** The capture breaks its own rules at `place`: what came before was delivered and is good. */
export function corruptCapture(place: CapturePlace, detail: string): Problem {
  const packet = place.goodPackets + 1;
  const good = place.goodPackets === 1 ? 'packet' : `${place.goodPackets} packets`;
  return new Problem('unprocessable', `The capture is corrupt at packet ${packet}, offset ${place.offset}`, {
    detail,
    hint: place.goodPackets === 0 ? 'No packet before it is whole.' : `--keep-good keeps the ${good} before it.`,
    facts: { offset: place.offset, packet },
  });
}
