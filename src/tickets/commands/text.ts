/** Where a command takes a text from: its words, standard input, or an editor. */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text as readAll } from 'node:stream/consumers';
import { Problem } from '../../core/problem.ts';

/** The words as one text; `-` stands for standard input; no words open the editor on a terminal. */
export async function textOf(words: readonly string[], what: string, before = ''): Promise<string> {
  if (words.length === 1 && words[0] === '-') return (await readAll(process.stdin)).trimEnd();
  if (words.length > 0) return words.join(' ');
  if (process.stdin.isTTY) return editText(before);
  throw new Problem('invalid', `there is no ${what}`, { hint: 'write it behind the command, or - to read it from standard input' });
}

/** What a person makes of a text in `$VISUAL` or `$EDITOR` (else vi), without the newlines at its end. */
export function editText(before: string): string {
  const folder = mkdtempSync(join(tmpdir(), 'weir-ticket-'));
  const file = join(folder, 'ticket.txt');
  try {
    writeFileSync(file, before === '' ? '' : `${before}\n`, { mode: 0o600 });
    runEditor(file);
    return readFileSync(file, 'utf8').trimEnd();
  } finally {
    rmSync(folder, { recursive: true });
  }
}

// Through a shell, since the variable may hold options: EDITOR='code --wait'.
function runEditor(file: string): void {
  const editor = process.env.VISUAL || process.env.EDITOR || 'vi';
  const { status, error } = spawnSync('sh', ['-c', `${editor} "$1"`, 'sh', file], { stdio: 'inherit' });
  if (error === undefined && status === 0) return;
  throw new Problem('invalid', `the editor ${editor} did not end well; nothing was changed`, {
    detail: error?.message ?? `it ended with ${status}`,
    hint: 'set EDITOR to another one',
  });
}
