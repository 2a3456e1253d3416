/** The first words of both sides, and the proof that both know the same token. */
import { createHmac, randomBytes, timingSafeEqual } from 'node:crypto';
import { Problem } from '../../core/problem.ts';
import type { Channel } from './channel.ts';
import { digestNames } from './digest.ts';
import type { Hello } from './message.ts';

export type Side = 'sender' | 'receiver';
export type GreetOptions = { token: string | undefined; free?: number };

/** Bytes of a file in one DATA frame, unless the other side wants fewer: with its head it is below the megabyte of a frame. */
export const chunkBytes = 960 * 1024;

/** Greets, and answers what the other side said. Throws `denied` when a token is missing or another one. */
export async function greet(channel: Channel, side: Side, { token, free }: GreetOptions): Promise<Hello> {
  const own: Hello = {
    version: 1,
    nonce: randomBytes(16).toString('hex'),
    chunk: chunkBytes,
    digests: [...digestNames],
    hasToken: token !== undefined,
    ...(free !== undefined && { free }),
  };
  channel.send('HELLO', own);
  const { body: theirs } = await channel.expect('HELLO');
  if (token === undefined && !theirs.hasToken) return theirs;
  if (token === undefined || !theirs.hasToken)
    throw new Problem('denied', token === undefined ? 'The other side asks for a token.' : 'The other side has no token.', {
      hint: '--token-file FILE, or the variable WEIR_TRANSFER_TOKEN, on both sides',
    });
  const nonces = side === 'sender' ? own.nonce + theirs.nonce : theirs.nonce + own.nonce;
  channel.send('PROOF', { proof: prove(token, side, nonces) });
  const { body } = await channel.expect('PROOF');
  const wanted = prove(token, side === 'sender' ? 'receiver' : 'sender', nonces);
  if (!timingSafeEqual(Buffer.from(body.proof), Buffer.from(wanted))) throw new Problem('denied', 'The other side has another token.');
  return theirs;
}

/** The side is part of it, or whoever knows nothing could send our own proof back to us. */
const prove = (token: string, side: Side, nonces: string): string =>
  createHmac('sha256', token).update(`WEIRFT ${side} ${nonces}`).digest('hex');
