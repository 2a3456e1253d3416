/**
 * The command line of a capture. Its words are fixed; what a user says stands only where a value is taken: the interface is
 * one of the list, numbers are numbers, and the filter is the one word behind `--`.
 *
 * As root the child is not root: setpriv makes it an ordinary user that may open packet sockets and nothing else, and has
 * the kernel end it with us, even when we are killed.
 */
import { geteuid } from 'node:process';
import type { CaptureRequest } from './request.ts';
import { runShortly } from './run.ts';

export type CaptureCommand = { command: string; args: string[] /** Whether the kernel ends it with us. */; isBound: boolean };

let privileges: Promise<string[] | undefined> | undefined;

/** The words before the program; undefined where there is no setpriv. Asked once. */
function setprivWords(): Promise<string[] | undefined> {
  privileges ??= findPrivileges();
  return privileges;
}

async function findPrivileges(): Promise<string[] | undefined> {
  const bound = ['--pdeathsig', 'TERM'];
  if ((await runShortly('setpriv', [...bound, 'true'])).status !== 0) return undefined;
  if (geteuid?.() !== 0) return bound;
  for (const user of ['tcpdump', 'nobody']) {
    const words = [
      ...[`--reuid=${user}`, `--regid=${user === 'nobody' ? 'nogroup' : user}`, '--clear-groups', '--no-new-privs'],
      ...['--inh-caps=-all,+net_raw', '--ambient-caps=-all,+net_raw', '--bounding-set=-all,+net_raw', ...bound],
    ];
    if ((await runShortly('setpriv', [...words, 'true'])).status === 0) return words;
  }
  return bound;
}

/** The command of a request whose interface and filter were checked. */
export async function captureCommand(request: CaptureRequest): Promise<CaptureCommand> {
  const words = await setprivWords();
  const args = request.tool === 'tcpdump' ? tcpdumpArguments(request) : dumpcapArguments(request);
  if (words === undefined) return { command: request.tool, args, isBound: false };
  return { command: 'setpriv', args: [...words, request.tool, ...args], isBound: true };
}

function tcpdumpArguments(request: CaptureRequest): string[] {
  const { interface: name, filter, snapLength, bufferKib, isPromiscuous, isImmediate } = request;
  return [
    ...['-i', name, '-n', '-s', String(snapLength), '-B', String(bufferKib), '-U', '-w', '-'],
    ...(isPromiscuous ? [] : ['-p']),
    ...(isImmediate ? ['--immediate-mode'] : []),
    ...(filter === '' ? [] : ['--', filter]),
  ];
}

function dumpcapArguments({ interface: name, filter, snapLength, bufferKib, isPromiscuous }: CaptureRequest): string[] {
  const mebibytes = Math.max(1, Math.round(bufferKib / 1024));
  return [
    ...['-i', name, '-s', String(snapLength), '-B', String(mebibytes), '-P', '-q', '-w', '-'],
    ...(isPromiscuous ? [] : ['-p']),
    ...(filter === '' ? [] : ['-f', filter]),
  ];
}
