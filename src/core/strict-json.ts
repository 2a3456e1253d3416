/**
 * JSON that means one thing to everybody (RFC 8259 sections 4, 8.1 and 9; I-JSON, RFC 7493): UTF-8, every name once in its object,
 * no names that reach into JavaScript's prototypes, and not deeper than programs can follow.
 */
import { isUtf8 } from 'node:buffer';
import { Problem } from './problem.ts';

/** Objects and arrays in one another; the deepest that anybody here sends is below ten. */
const deepest = 100;

/** The value of a JSON body. Throws Problem('invalid') that says where it is not as it should be. */
export function parseStrictJson(octets: Buffer): unknown {
  if (octets.length === 0) throw new Problem('invalid', 'The body is empty although its Content-Type says JSON.');
  if (!isUtf8(octets)) throw new Problem('invalid', 'The body is not UTF-8, as JSON has to be.');
  // A byte order mark may be passed over (RFC 8259 section 8.1).
  const text = octets.toString().replace(/^\uFEFF/, '');
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    // V8's words quote what the client sent, and nothing else.
    throw new Problem('invalid', 'The body is not valid JSON.', { detail: (error as Error).message, cause: error });
  }
  if (typeof value === 'object' && value !== null) checkNames(text);
  return value;
}

const quote = 34;
const backslash = 92;

/** One object or array that is open while the text is read; `names` are those of an object so far. */
type Level = { names: Set<string> | undefined; name: string };

/** Looks at the names of valid JSON text. One pass; the only text that is copied is names. */
function checkNames(text: string): void {
  const levels: Level[] = [];
  let level: Level | undefined;
  let isName = false;
  for (let at = 0; at < text.length; at += 1) {
    switch (text.charCodeAt(at)) {
      case quote: {
        const end = endOfString(text, at);
        if (isName && level?.names !== undefined) {
          takeName(levels, level, nameOf(text.slice(at, end + 1)));
          isName = false;
        }
        at = end;
        break;
      }
      case 123: // {
      case 91: // [
        isName = text.charCodeAt(at) === 123;
        level = { names: isName ? new Set() : undefined, name: '' };
        if (levels.push(level) > deepest) throw refused(levels, `It is nested deeper than ${deepest} levels.`);
        break;
      case 125: // }
      case 93: // ]
        levels.pop();
        level = levels.at(-1);
        isName = false;
        break;
      case 44: // ,
        isName = level?.names !== undefined;
        break;
    }
  }
}

function takeName(levels: readonly Level[], level: Level, name: string): void {
  level.name = name;
  const isIntoPrototype = name === '__proto__' || (name === 'prototype' && levels.at(-2)?.name === 'constructor');
  if (isIntoPrototype) throw refused(levels, 'No member may have this name.');
  if (level.names?.has(name)) throw refused(levels, 'This name stands in its object more than once.');
  level.names?.add(name);
}

/** The place of the quote that ends the string which begins at `from`. */
function endOfString(text: string, from: number): number {
  let at = from + 1;
  for (; text.charCodeAt(at) !== quote; at += 1) if (text.charCodeAt(at) === backslash) at += 1;
  return at;
}

// The same name can be written in many ways: "a" is "\u0061".
const nameOf = (literal: string): string => (literal.includes('\\') ? (JSON.parse(literal) as string) : literal.slice(1, -1));

function refused(levels: readonly Level[], detail: string): Problem {
  const pointer = levels
    .slice(0, 20)
    .filter(({ names }) => names !== undefined)
    .map(({ name }) => `/${name.slice(0, 120).replaceAll('~', '~0').replaceAll('/', '~1')}`)
    .join('');
  return new Problem('invalid', 'The body is JSON that programs understand in different ways.', { detail, pointer });
}
