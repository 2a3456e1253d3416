/** Whether a capture filter is right, asked of the program that will run it, before anything is opened. */
import { Problem } from '../../core/problem.ts';
import { linkTypes } from '../link.ts';
import { hostNamesIn } from './names-in-filter.ts';
import type { CaptureTool } from './request.ts';
import { runShortly } from './run.ts';

const longest = 2048;

/** libpcap's names of the link types that interfaces have. */
const linkNames = new Map<number, string>([
  [linkTypes.ethernet, 'EN10MB'],
  [linkTypes.linuxSll, 'LINUX_SLL'],
  [linkTypes.linuxSll2, 'LINUX_SLL2'],
  [linkTypes.raw, 'RAW'],
]);

/** Throws `invalid` with the reason where a filter is wrong, `unavailable` where the program is missing. Needs no rights. */
export async function checkFilter(filter: string, linkType: number, tool: CaptureTool): Promise<void> {
  if (Buffer.byteLength(filter) > longest || /[\0\r\n]/.test(filter))
    throw new Problem('invalid', `A capture filter is one line of at most ${longest} bytes.`, { pointer: 'filter' });
  const [name] = hostNamesIn(filter);
  if (name !== undefined && !looksLikeDisplay(filter)) {
    throw new Problem('invalid', `The capture filter names the host ${JSON.stringify(name)}.`, {
      detail: 'addresses change, and a name would be looked up now and never again',
      hint: 'write its addresses: host 192.0.2.1 or host 192.0.2.2',
      pointer: 'filter',
    });
  }
  const { status, said } = await runShortly(tool, compileArguments(filter, linkType, tool));
  if (status === null) throw missing(tool, said);
  // dumpcap ends with 0 whatever it says.
  const isWrong = tool === 'tcpdump' ? status !== 0 : /Invalid capture filter|isn't a valid|syntax error/i.test(said);
  if (!isWrong) return;
  throw new Problem('invalid', 'The capture filter is wrong.', {
    detail: reasonIn(said, tool).slice(0, 500),
    pointer: 'filter',
    ...(looksLikeDisplay(filter) && { hint: 'this looks like a display filter: give it to --where, which looks at decoded fields' }),
  });
}

/** The line that says what is wrong: the last one of tcpdump; dumpcap says much else. */
function reasonIn(said: string, tool: CaptureTool): string {
  const lines = said.trim().split('\n');
  if (tool === 'tcpdump') return lines.at(-1) ?? '';
  return lines.find((line) => /isn't a valid/.test(line)) ?? lines.find((line) => !line.startsWith('Capturing on')) ?? '';
}

function compileArguments(filter: string, linkType: number, tool: CaptureTool): string[] {
  if (tool === 'dumpcap') return ['-i', 'lo', '-d', '-f', filter];
  return ['-y', linkNames.get(linkType) ?? 'EN10MB', '-d', '--', filter];
}

/** Words of the other language: dotted names compared with `==`, `http`, signs between dotted names. */
const looksLikeDisplay = (filter: string): boolean =>
  /\b[a-z]\w*(?:\.[a-z_]\w*)+\s*(?:==|!=|contains|>|<|&&|\|\||$)|\bhttp\b|\bdns\b|\btls\b/i.test(filter);

export const missing = (tool: string, detail: string): Problem =>
  new Problem('unavailable', `Capturing needs the program ${tool}, which is not installed.`, {
    detail,
    hint: tool === 'tcpdump' ? 'sudo apt-get install tcpdump' : 'sudo apt-get install wireshark-common',
  });
