import type { Output } from '../../cli/output.ts';
import { makeVisible } from '../../cli/table.ts';
import type { KeyNode } from '../tree/node.ts';
import { textOf } from '../tree/path.ts';
import type { Written } from './access.ts';
import { describeNode, describeWritten } from './document.ts';

/** Writes a value and a line feed: octet for octet, but on a terminal, which a hostile value must not drive. */
export function printValue(value: Uint8Array): void {
  const bytes = Buffer.from(value.buffer, value.byteOffset, value.byteLength);
  process.stdout.write(process.stdout.isTTY ? showText(bytes) : bytes);
  process.stdout.write('\n');
}

/** A value as a line or two for people. */
export const showText = (value: Uint8Array): string =>
  Buffer.from(value.buffer, value.byteOffset, value.byteLength)
    .toString('utf8')
    .split('\n')
    .map((line) => line.split('\t').map(makeVisible).join('\t'))
    .join('\n');

/** A path for people; directories get their slash where asked. */
export const showPath = ({ path, isDir }: Pick<KeyNode, 'path' | 'isDir'>, hasSlash = false): string =>
  makeVisible(textOf(path)) + (hasSlash && isDir && path !== '/' ? '/' : '');

/** Tells of a write: the document for programs, `show` for people unless they want it quiet. */
export function printWritten(output: Output, written: Written, show: () => void): void {
  if (output.form === 'json') output.json(describeWritten(written));
  else if (output.form === 'csv') output.record({ action: written.action, index: written.index, ...describeNode(written.node) });
  else if (!output.quiet) show();
}
