/** What every back end has to do: a suite that its test hands itself to. Programs run for real; times are short. */
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, readlinkSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, onTestFailed, test } from 'vitest';
import { wanderer, wanders } from '../core/wanderer.fixture.ts';
import type { Backend, Run, RunEvent } from './backend.ts';
import { commandText, type Outcome } from './job.ts';

/** Makes a back end on a folder; called again on the same folder it is the one of the next server. */
export type MakeBackend = (folder: string) => Backend;

/** 128 processes in sessions of their own, whose parents are gone, and one that never stays the same process for long; both end by themselves in a minute. */
export const treeOfProcesses = `perl -MPOSIX -e 'fork for 1..4; POSIX::setsid(); fork for 1..3; sleep 60' & ${commandText(wanderer)}`;

/** Living processes that bear the name of a run in their environment, and work in a folder: other tests have runs of the same name. */
export function processesOf(run: string, folder: string): number {
  return readdirSync('/proc').filter((pid) => {
    try {
      return (
        /^\d+$/.test(pid) &&
        readlinkSync(`/proc/${pid}/cwd`).startsWith(folder) &&
        readFileSync(`/proc/${pid}/environ`, 'latin1').split('\0').includes(`WEIR_RUN=${run}`)
      );
    } catch {
      return false; // it has just ended
    }
  }).length;
}

/**
 * Shell words that say a process id, and go on when a file is there. Perl waits, since a shell that is stopped in the middle of a
 * vfork waits for its child in state D, and never shows as stopped.
 */
export const untilAsked = (file: string): string =>
  `perl -e '$| = 1; print "$$\\n"; select undef, undef, undef, 0.05 until -e "${file}"; print "end\\n"'`;

/** The state of a process as proc(5) has it: `T` when it is stopped. */
export function processState(pid: number): string {
  const stat = readFileSync(`/proc/${pid}/stat`, 'latin1');
  return stat[stat.lastIndexOf(')') + 2] ?? '';
}

/** Runs the suite on a back end. `skip` names tests that it cannot pass, each with a reason that stands beside it. */
export function testBackend(name: string, make: MakeBackend, skip: readonly string[] = []): void {
  const may = (title: string) => test.skipIf(skip.includes(title))(title, body[title] as () => Promise<void>);
  let folder = '';
  let backend: Backend;
  let events: RunEvent[] = [];

  const open = async (): Promise<void> => {
    backend = make(join(folder, 'runs'));
    backend.listen((event) => events.push(event));
    await backend.open();
  };
  const run = (number: number, command: string[], more: Partial<Run> = {}): Run => ({
    name: `000000001.${number}`,
    command,
    variables: { PATH: '/usr/bin:/bin', WEIR_RUN: `000000001.${number}` },
    directory: folder,
    logfile: join(folder, `log.${number}`),
    grace: 300,
    place: { host: backend.offers()?.[0]?.host ?? '', takes: { CORES: 1 } },
    ...more,
  });
  const until = async <T>(look: () => T | undefined, what: string): Promise<T> => {
    onTestFailed(() => console.log(`waited for ${what}; heard ${JSON.stringify(events)}`));
    for (;;) {
      const found = look();
      if (found !== undefined) return found;
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
  };
  const started = (name: string) =>
    until(() => events.find((event) => event.kind === 'started' && event.name === name), `the start of ${name}`);
  const ended = async (name: string): Promise<Outcome> =>
    (
      await until(
        () => events.find((event): event is Extract<RunEvent, { kind: 'ended' }> => event.kind === 'ended' && event.name === name),
        `the end of ${name}`,
      )
    ).outcome;
  const log = (number: number): string => readFileSync(join(folder, `log.${number}`), 'utf8');
  /** A whole line of its log, when there is one. */
  const said = (number: number): string | undefined => {
    try {
      return /^(.*)\n/.exec(log(number))?.[1];
    } catch {
      return undefined; // it has started, and not come as far as its log
    }
  };

  const body: Record<string, () => Promise<void>> = {
    'tells start and end, and appends to the log': async () => {
      backend.start(run(1, ['echo', 'hello']));
      expect(await ended('000000001.1')).toMatchObject({ cause: 'done', code: 0 });
      expect(events.map(({ kind }) => kind).filter((kind) => kind !== 'waiting')).toEqual(['started', 'ended']);
      backend.start(run(2, ['echo', 'again'], { logfile: join(folder, 'log.1') }));
      await ended('000000001.2');
      expect(log(1)).toBe('hello\nagain\n');
    },
    'tells exit codes and signals apart': async () => {
      backend.start(run(1, ['sh', '-c', 'exit 143']));
      backend.start(run(2, ['sh', '-c', 'kill -TERM $$']));
      expect(await ended('000000001.1')).toMatchObject({ cause: 'exit', code: 143 });
      expect(await ended('000000001.2')).toMatchObject({ cause: 'signal', signal: 15 });
    },
    'passes words, variables and directory as they are': async () => {
      const variables = { PATH: '/usr/bin:/bin', ODD: "a'b\n$c" };
      backend.start(run(1, ['sh', '-c', 'printf "%s|" "$@" "$ODD" "$PWD"', 'sh', '', '$x', 'two words'], { variables }));
      await ended('000000001.1');
      expect(log(1)).toBe(`|$x|two words|a'b\n$c|${folder}|`);
    },
    'says why a program could not be started': async () => {
      backend.start(run(1, ['/no/such/program']));
      expect(await ended('000000001.1')).toMatchObject({ cause: 'start', note: expect.stringContaining('/no/such/program') });
    },
    'ends a run whose time is up': async () => {
      backend.start(run(1, ['sleep', '60'], { timeLimit: 1 }));
      expect(await ended('000000001.1')).toMatchObject({ cause: 'timeout' });
    },
    'stops a run, and kills one that does not listen': async () => {
      backend.start(run(1, ['sh', '-c', 'sleep 60 & wait']));
      backend.start(run(2, ['sh', '-c', "trap '' TERM; echo ready; while :; do sleep 0.05; done"]));
      await started('000000001.1');
      await until(() => said(2), 'the deaf one');
      expect(await backend.signal('000000001.1', 'stop')).toBe(true);
      expect(await backend.signal('000000001.2', 'stop')).toBe(true);
      expect(await ended('000000001.1')).toMatchObject({ cause: 'stopped' });
      expect(await ended('000000001.2')).toMatchObject({ cause: 'stopped' });
      expect(await backend.signal('000000001.1', 'stop')).toBe(false);
    },
    'ends a whole tree of processes, wherever they went': async () => {
      backend.start(run(1, ['sh', '-c', `${treeOfProcesses} & wait; sleep 60`]));
      await until(() => (processesOf('000000001.1', folder) > 64 ? true : undefined), 'the tree');
      expect(await wanders(folder)).toBe(true);
      expect(await backend.signal('000000001.1', 'stop')).toBe(true);
      await ended('000000001.1');
      await until(() => (processesOf('000000001.1', folder) === 0 ? true : undefined), 'the end of the tree');
      expect(await wanders(folder)).toBe(false);
    },
    'suspends a run, and lets it go on': async () => {
      backend.start(run(1, ['sh', '-c', untilAsked('go')]));
      const pid = Number(await until(() => said(1), 'its first word'));
      expect(await backend.signal('000000001.1', 'suspend')).toBe(true);
      await until(() => (processState(pid) === 'T' ? true : undefined), 'the rest of its processes');
      writeFileSync(join(folder, 'go'), '');
      expect(await backend.signal('000000001.1', 'resume')).toBe(true);
      expect(await ended('000000001.1')).toMatchObject({ cause: 'done' });
      expect(log(1)).toBe(`${pid}\nend\n`);
    },
    'is taken up by the next server': async () => {
      backend.start(run(1, ['sh', '-c', 'sleep 0.5; echo late']));
      backend.start(run(2, ['true']));
      await started('000000001.1');
      await ended('000000001.2');
      await backend.close();
      events = [];
      await open();
      for (const name of ['000000001.1', '000000001.2']) backend.adopt(name);
      expect(await ended('000000001.2')).toMatchObject({ cause: 'done' });
      expect(await ended('000000001.1')).toMatchObject({ cause: 'done' });
      expect(log(1)).toBe('late\n');
    },
    'promises of a run that never started that it never will': async () => {
      backend.adopt('000000001.1');
      await until(() => events.find(({ kind }) => kind === 'unstarted'), 'the promise');
      backend.start(run(1, ['echo', 'too late']));
      backend.start(run(2, ['true']));
      await ended('000000001.2');
      // A batch system may make the log before the wrapper comes.
      expect(said(1) ?? '').toBe('');
    },
    'starts a run once, however often it is asked': async () => {
      backend.start(run(1, ['sh', '-c', 'echo once; sleep 0.1']));
      backend.start(run(1, ['sh', '-c', 'echo once; sleep 0.1']));
      await ended('000000001.1');
      backend.start(run(2, ['true']));
      await ended('000000001.2');
      expect(log(1)).toBe('once\n');
    },
    'forgets what is not known any more': async () => {
      backend.start(run(1, ['true']));
      await ended('000000001.1');
      await backend.close();
      await open();
      backend.sweep(new Set());
      expect(await backend.signal('000000001.1', 'resume').catch(() => false)).not.toBe(undefined);
    },
    'ends what still runs of a run that nobody knows any more': async () => {
      backend.start(run(1, ['sleep', '600']));
      await started('000000001.1');
      await backend.close();
      await open();
      backend.sweep(new Set());
      await until(() => (processesOf('000000001.1', folder) === 0 ? true : undefined), 'the end of what nobody knows');
    },
  };

  describe(`back end ${name}`, () => {
    beforeEach(async () => {
      folder = mkdtempSync(join(tmpdir(), 'weir-backend-'));
      mkdirSync(join(folder, 'runs'), { recursive: true });
      events = [];
      await open();
    });
    afterEach(async () => {
      backend.sweep(new Set());
      await backend.close();
      rmSync(folder, { recursive: true, force: true });
    });
    for (const title of Object.keys(body)) may(title);
  });
}
