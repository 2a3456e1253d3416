/** What every back end has to do: a suite that its test hands itself to. Programs run for real; times are short. */
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, readlinkSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { Backend, Run, RunEvent } from './backend.ts';
import type { Outcome } from './job.ts';

/** Makes a back end on a folder; called again on the same folder it is the one of the next server. */
export type MakeBackend = (folder: string) => Backend;

const patienceMs = 20_000;

/** 128 processes in sessions of their own, whose parents are gone, and one that never stays the same process for long. */
export const treeOfProcesses = `perl -MPOSIX -e 'fork for 1..4; POSIX::setsid(); fork for 1..3; sleep 60' &
  perl -MPOSIX -e 'while (1) { exit if fork; POSIX::setsid(); select undef, undef, undef, 0.01 }'`;

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
    for (const from = Date.now(); Date.now() < from + patienceMs; ) {
      const found = look();
      if (found !== undefined) return found;
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
    throw new Error(`waited in vain for ${what}; heard ${JSON.stringify(events)}`);
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
      backend.start(run(2, ['sh', '-c', "trap '' TERM; while :; do sleep 0.05; done"]));
      await started('000000001.1');
      await started('000000001.2');
      await new Promise((resolve) => setTimeout(resolve, 100));
      expect(await backend.signal('000000001.1', 'stop')).toBe(true);
      expect(await backend.signal('000000001.2', 'stop')).toBe(true);
      expect(await ended('000000001.1')).toMatchObject({ cause: 'stopped' });
      expect(await ended('000000001.2')).toMatchObject({ cause: 'stopped' });
      expect(await backend.signal('000000001.1', 'stop')).toBe(false);
    },
    'ends a whole tree of processes, wherever they went': async () => {
      backend.start(run(1, ['sh', '-c', `${treeOfProcesses} & wait; sleep 60`]));
      await until(() => (processesOf('000000001.1', folder) > 64 ? true : undefined), 'the tree');
      expect(await backend.signal('000000001.1', 'stop')).toBe(true);
      await ended('000000001.1');
      await until(() => (processesOf('000000001.1', folder) === 0 ? true : undefined), 'the end of the tree');
    },
    'suspends a run, and lets it go on': async () => {
      backend.start(run(1, ['sh', '-c', 'for i in 1 2 3 4 5 6; do echo $i; sleep 0.1; done']));
      const hasSaid = () => {
        try {
          return log(1).includes('1') ? true : undefined;
        } catch {
          return undefined; // it has started, and not come as far as its log
        }
      };
      await until(hasSaid, 'its first word');
      expect(await backend.signal('000000001.1', 'suspend')).toBe(true);
      const stands = () => {
        const before = log(1);
        return new Promise<boolean>((resolve) => setTimeout(() => resolve(log(1) === before), 400));
      };
      for (const from = Date.now(); Date.now() < from + patienceMs && !(await stands()); );
      expect(log(1)).not.toContain('6');
      expect(await backend.signal('000000001.1', 'resume')).toBe(true);
      expect(await ended('000000001.1')).toMatchObject({ cause: 'done' });
      expect(log(1)).toBe('1\n2\n3\n4\n5\n6\n');
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
      await new Promise((resolve) => setTimeout(resolve, 300));
      // A batch system may make the log before the wrapper comes.
      const said = existsSync(join(folder, 'log.1')) ? log(1) : '';
      expect(said).toBe('');
    },
    'starts a run once, however often it is asked': async () => {
      backend.start(run(1, ['sh', '-c', 'echo once; sleep 0.3']));
      backend.start(run(1, ['sh', '-c', 'echo once; sleep 0.3']));
      await ended('000000001.1');
      await new Promise((resolve) => setTimeout(resolve, 200));
      expect(log(1)).toBe('once\n');
    },
    'forgets what is not known any more': async () => {
      backend.start(run(1, ['true']));
      await ended('000000001.1');
      backend.sweep(new Set());
      expect(await backend.signal('000000001.1', 'resume').catch(() => false)).not.toBe(undefined);
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
