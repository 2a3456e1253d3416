/** What can be wrong with frames: each is a Problem whose fact `fault` has one of these names. */
import { Problem, type ProblemCode } from '../../core/problem.ts';

const codes = {
  'frame.too_large': 'too-large',
  'frame.incomplete': 'invalid',
  'frame.bad_length': 'invalid',
  'frame.wrong_size': 'invalid',
  'frame.contains_delimiter': 'invalid',
} as const satisfies Record<string, ProblemCode>;

export type FrameFault = keyof typeof codes;

/** The Problem of a fault. */
export const frameProblem = (fault: FrameFault, title: string, facts: Record<string, unknown> = {}): Problem =>
  new Problem(codes[fault], title, { facts: { fault, ...facts } });

export const tooLarge = (claimed: number, max: number): Problem =>
  frameProblem('frame.too_large', `A frame of ${claimed} bytes is more than the ${max} that are allowed.`, { claimed, max });

export const incomplete = (held: number, missing?: number): Problem =>
  frameProblem('frame.incomplete', `The stream ended within a frame, ${held} bytes of which had come.`, {
    held,
    ...(missing !== undefined && { missing }),
  });
