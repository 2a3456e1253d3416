/** jq itself, compiled to WebAssembly. */
import { readFileSync } from 'node:fs';
import { createRequire, Module } from 'node:module';
import { Problem } from '../core/problem.ts';

type Jq = { raw(text: string, expression: string, flags: string[]): Promise<string> };

export type JqOptions = {
  /** Strings without quotes. */
  isRaw?: boolean;
  /** Several lines to a value, for people. */
  isPretty?: boolean;
};

let loaded: Promise<Jq> | undefined;

/** What jq prints for JSON text, without the last line feed. Throws Problem('invalid') with jq's own words. */
export async function runJq(text: string, expression: string, { isRaw = false, isPretty = false }: JqOptions = {}): Promise<string> {
  loaded ??= load();
  const jq = await loaded;
  const code = process.exitCode;
  try {
    return await jq.raw(text, expression, [...(isRaw ? ['-r'] : []), ...(isPretty ? [] : ['-c'])]);
  } catch (cause) {
    const detail = (cause as Error).message
      .split('\n')
      .filter((line) => !/compile error/.test(line))
      .join('\n')
      .replaceAll('jq: ', '')
      .replaceAll(' (Unix shell quoting issues?)', '');
    throw new Problem('invalid', 'jq could not do that', {
      detail,
      hint: '--jq EXPRESSION: the jq manual, https://jqlang.github.io/jq/manual',
      cause,
    });
  } finally {
    process.exitCode = code; // jq's main sets it
  }
}

/**
 * The package copies all of its input for each octet that jq reads, and all of its output for each that jq writes: 78 s for
 * 440 kB. So its text is read here and those three places are replaced (0.3 s); and what jq complained about is a failure
 * even when something came out before. Another version of the package without these places stops here, and in the test.
 */
const replacements: readonly [string | RegExp, string][] = [
  ['stdinBuffer = toByteArray(stdinString);', 'stdinBuffer = toByteArray(stdinString); stdinAt = 0;'],
  [
    /if \(stdinBuffer\.length > 0\) \{\s*const byte = stdinBuffer\[0\];\s*stdinBuffer = stdinBuffer\.slice\(1\);/,
    'if (stdinAt < stdinBuffer.length) { const byte = stdinBuffer[stdinAt++];',
  ],
  [
    /const tmp = new Uint8Array\(stdoutBuffer\.length \+ 1\);\s*tmp\.set\(stdoutBuffer, 0\);\s*tmp\[tmp\.length - 1\] = charCode;\s*stdoutBuffer = tmp;/,
    'stdoutBuffer.push(charCode);',
  ],
  ['let stdoutBuffer = new Uint8Array(0);', 'let stdinAt = 0; let stdoutBuffer = [];'],
  [/; stdoutBuffer = new Uint8Array\(0\);/, '; stdoutBuffer = [];'],
  ['if (stdoutBuffer.length > 0) {', 'if (stdoutBuffer.length > 0 && stderrBuffer.length === 0) {'],
  ['fromByteArray(stdoutBuffer).trim()', 'fromByteArray(Uint8Array.from(stdoutBuffer)).trim()'],
];

async function load(): Promise<Jq> {
  const path = createRequire(import.meta.url).resolve('jq-wasm/dist/build/jq.js');
  let text = readFileSync(path, 'utf8');
  for (const [place, better] of replacements) {
    const replaced = text.replace(place, () => better);
    if (replaced === text) throw new Problem('internal', 'this version of jq-wasm is not known', { detail: `no ${place} in ${path}` });
    text = replaced;
  }
  const module = new Module(path) as Module & { _compile(text: string, path: string): void };
  module.filename = path;
  module._compile(text, path);
  return await (module.exports as () => Promise<Jq>)();
}
