/** `weir github issues sync`. */
import { type Command, Option } from 'commander';
import { type GlobalOptions, withExamples } from '../../../cli/command.ts';
import { openOutput } from '../../../cli/output.ts';
import { Problem } from '../../../core/problem.ts';
import type { WayOptions } from '../../call.ts';
import { addHubOptions, withHub } from '../with-hub.ts';
import type { People } from './face.ts';
import type { Side } from './merge.ts';
import type { Act } from './sync.ts';

type Options = GlobalOptions &
  WayOptions & { githubUrl?: string; dryRun?: boolean; prefer: Side; label: string; user: string[]; closed?: boolean; force?: boolean };

const collect = (text: string, all: string[]): string[] => [...all, text];

/** Adds it. */
export function addSync(issues: Command): void {
  const command = addHubOptions(issues.command('sync').description('bring tickets and the issues of a repository in step, both ways'))
    .argument('<repository>', 'OWNER/NAME')
    .option('--dry-run', 'tell what would be done, and do nothing')
    .addOption(
      new Option('--prefer <side>', 'who wins where both changed the same; the other’s text becomes a comment')
        .choices(['github', 'weir'])
        .default('github'),
    )
    .option('--label <label>', 'tickets with this label become issues', 'github')
    .addOption(
      new Option('--user <name=login>', 'who a name of a ticket is at GitHub; may be repeated')
        .argParser(collect)
        .default([], 'the same name'),
    )
    .option('--closed', 'make tickets of issues that are closed already, too')
    .option('--force', 'go on although another sync seems to be at work')
    .action((word: string, _options: unknown, self: Command) => sync(word, self));
  withExamples(
    command,
    'weir github issues sync ojitha/learn-ai --dry-run',
    'weir github issues sync ojitha/learn-ai --prefer weir --user ada=ada-lovelace',
  );
}

async function sync(word: string, command: Command): Promise<void> {
  await withHub<Options>(command, async (hub, options) => {
    const [{ readRepository }, { openRepository }, { openHouse }, { runSync }] = await Promise.all([
      import('../hub.ts'),
      import('./repository.ts'),
      import('./house.ts'),
      import('./sync.ts'),
    ]);
    const { owner, repo } = readRepository(word);
    if (!hub.isKnown && !options.dryRun) {
      throw new Problem('unauthenticated', 'GitHub takes issues and comments only from somebody it knows', {
        hint: 'export GITHUB_TOKEN=…, or --token-env NAME; --dry-run needs none for a public repository',
      });
    }
    const custom = { pushLabel: options.label, people: peopleOf(options.user) };
    const house = openHouse(options.server);
    const acts: Act[] = [];
    const output = openOutput(command);
    try {
      await runSync(
        house,
        openRepository(hub, { owner, repo }, custom),
        {
          // GitHub does not tell names by their case.
          name: `${owner}/${repo}`.toLowerCase(),
          preferred: options.prefer,
          isDry: options.dryRun === true,
          withClosed: options.closed === true,
          isForced: options.force === true,
          now: Date.now,
          custom,
        },
        (act) => void acts.push(act),
      );
      print(acts, output, options.dryRun === true);
    } catch (error) {
      // What was done before stays done.
      if (acts.length > 0) print(acts, output, options.dryRun === true);
      throw error;
    } finally {
      house.close();
    }
    const failed = acts.filter(({ what }) => what === 'failed').length;
    if (failed > 0)
      throw new Problem('conflict', `${failed} of them could not be brought in step`, { hint: 'the same command tries them again' });
  });
}

function print(acts: readonly Act[], output: ReturnType<typeof openOutput>, isDry: boolean): void {
  if (output.form === 'table' && acts.length === 0) {
    output.line('Both sides are in step.');
    return;
  }
  output.rows(
    acts,
    [
      { title: isDry ? 'would be' : 'done', show: ({ what }) => what },
      { title: 'ticket', align: 'right', show: ({ ticket }) => ticket?.replace(/^0+(?=\d)/, '') ?? '' },
      { title: 'issue', align: 'right', show: ({ issue }) => (issue === null ? '' : `#${issue}`) },
      { title: 'detail', show: ({ detail }) => detail },
    ],
    ['what', 'ticket', 'issue', 'detail'],
  );
}

function peopleOf(words: readonly string[]): People {
  const pairs = words.map((word) => {
    const [, name, login] = /^([^=]+)=([^=]+)$/.exec(word) ?? [];
    if (name === undefined || login === undefined) throw new Problem('invalid', `--user ${word} is no NAME=LOGIN`);
    return [name, login] as const;
  });
  const logins = new Map(pairs);
  const names = new Map(pairs.map(([name, login]) => [login.toLowerCase(), name]));
  return { loginOf: (name) => logins.get(name) ?? name, nameOf: (login) => names.get(login.toLowerCase()) ?? login };
}
