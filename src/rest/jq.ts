/** jq itself, compiled to WebAssembly. */
import { createRequire } from 'node:module';
import { Problem } from '../core/problem.ts';

type Jq = { raw(text: string, expression: string, flags: string[]): string };

export type JqOptions = {
  /** Strings without quotes. */
  isRaw?: boolean;
  /** Several lines to a value, for people. */
  isPretty?: boolean;
};

let loaded: Promise<Jq> | undefined;

/** What jq prints for JSON text, without the last line feed. Throws Problem('invalid') with jq's own words. */
export async function runJq(text: string, expression: string, { isRaw = false, isPretty = false }: JqOptions = {}): Promise<string> {
  // A CommonJS module that is a promise: `import` would wait for it and hand on something else.
  loaded ??= createRequire(import.meta.url)('jq-web') as Promise<Jq>;
  const jq = await loaded;
  const code = process.exitCode;
  try {
    return jq.raw(text, expression, [...(isRaw ? ['-r'] : []), ...(isPretty ? [] : ['-c'])]);
  } catch (cause) {
    const detail = (cause as Error).message
      .split('\n')
      .filter((line) => !/compile error|^Non-zero exit code/.test(line))
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
