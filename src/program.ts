/**
 * argv to one room's command, loaded on demand; exit code; nothing else. A group of commands is read from disk only when it
 * is called (or when the whole tree is asked for), so `weir --help` answers without loading a server or a store.
 */
import { Command, CommanderError } from 'commander';
import { addGlobalOptions, type GlobalOptions } from './cli/command.ts';
import { complain } from './cli/complaint.ts';
import { exitOnInterrupt, exitOnLostReader } from './cli/interrupt.ts';
import { version } from './core/version.ts';

/** Adds the commands of one room to the tree. Each `cli.ts` exports one as `addCommands`. */
export type AddCommands = (program: Command) => void;

type Group = { commands: Record<string, string>; load: () => Promise<AddCommands> };

// The summaries stand here so that help needs no room; a test keeps them equal to what the rooms say.
const groups: readonly Group[] = [
  {
    commands: { serve: 'run the server', config: 'print the configuration in force', tls: 'show the certificate of a server' },
    load: async () => (await import('./server/cli.ts')).addCommands,
  },
  {
    // Alone, without all that asks the store: what an import loads is time in which it does not read.
    commands: { import: 'turn capture and flow files into stored flows' },
    load: async () => (await import('./flows/commands/import.ts')).addImport,
  },
  {
    commands: {
      flows: 'look at, export and seal stored flows',
      exporters: 'see who sends flow exports, and what of them is missing',
      replay: 'send recorded flow exports again, to this or another collector',
      check: 'verify the store: counts, orphans, digests',
    },
    load: async () => (await import('./flows/cli.ts')).addCommands,
  },
  {
    commands: { packets: 'list interfaces, capture packets, and read captures' },
    load: async () => {
      const [packets, captures] = await Promise.all([import('./packets/cli.ts'), import('./captures/cli.ts')]);
      return (program) => {
        packets.addCommands(program);
        captures.addCommands(program);
      };
    },
  },
  {
    commands: { keys: 'read, write, watch and move the key tree' },
    load: async () => (await import('./keys/cli.ts')).addCommands,
  },
  {
    commands: { jobs: 'submit programs, and watch and stop them', nc: "run and watch jobs in Accelerator's spelling" },
    load: async () => (await import('./jobs/cli.ts')).addCommands,
  },
  {
    commands: {
      sessions: 'look at interpreters on the server, work in them, and end them',
      submit: 'run a file of Python or SQL in a session; --name value become variables. With --batch: in a process of its own',
      sql: 'ask the flows of a server in SQL; the view is called flows',
    },
    load: async () => (await import('./sessions/cli.ts')).addCommands,
  },
  {
    commands: { scans: 'scan ports, and see what has changed' },
    load: async () => (await import('./scans/cli.ts')).addCommands,
  },
  {
    commands: { sockets: 'listen, send, echo and copy files over TCP, UDP and Unix sockets' },
    load: async () => (await import('./sockets/cli.ts')).addCommands,
  },
  {
    commands: { tickets: 'open, find, change and close tickets' },
    load: async () => (await import('./tickets/cli.ts')).addCommands,
  },
  {
    commands: { records: 'keep JSON records in collections: lists, notes, what scripts collect' },
    load: async () => (await import('./records/cli.ts')).addCommands,
  },
  {
    commands: {
      users: 'add, change and remove those who may come in',
      login: 'log in, so that the commands after it may do what you may',
      logout: 'end the login at a server, and forget it',
      token: 'print the token of your login; make and end personal tokens for programs',
      audit: 'read who did what, or check that nobody changed it',
    },
    load: async () => (await import('./access/cli.ts')).addCommands,
  },
  {
    commands: {
      get: 'fetch from the server, or from any URL',
      post: 'send to the server, or to any URL',
      put: 'replace on the server, or at any URL',
      patch: 'change on the server, or at any URL',
      delete: 'delete on the server, or at any URL',
      github: 'ask GitHub, and keep tickets and issues in step',
    },
    load: async () => (await import('./rest/cli.ts')).addCommands,
  },
  {
    commands: { rest: 'score REST APIs by Richardson’s levels' },
    load: async () => (await import('./rest-audit/cli.ts')).addCommands,
  },
  {
    commands: { doctor: 'check this machine and name the command that mends each finding' },
    load: async () => (await import('./cli/doctor.ts')).addCommands,
  },
  {
    commands: { completion: 'print the completion script of a shell' },
    load: async () => (await import('./cli/completion.ts')).completionOf(loadTree),
  },
  {
    commands: { version: 'print versions' },
    load: async () => (await import('./cli/version.ts')).addCommands,
  },
];

/** The command tree with the group of `name` read in full, and all others by name and summary only. */
export async function loadProgram(name: string | undefined): Promise<Command> {
  const program = root();
  for (const group of groups) {
    if (name !== undefined && name in group.commands) (await group.load())(program);
    else for (const [stub, summary] of Object.entries(group.commands)) program.command(stub).description(summary);
  }
  return settle(program);
}

/** The whole command tree, for completion and the reference page. */
export async function loadTree(): Promise<Command> {
  const program = root();
  for (const group of groups) (await group.load())(program);
  return settle(program);
}

/** The first word of `argv` that is neither a global option nor the value of one. */
export function commandName(argv: readonly string[]): string | undefined {
  const options = addGlobalOptions(new Command()).options;
  for (let i = 0; i < argv.length; i++) {
    const word = argv[i] as string;
    if (!word.startsWith('-')) return word;
    if (options.some((option) => option.required && (option.long === word || option.short === word))) i++;
  }
  return undefined;
}

/** Runs one command line to its end and answers with the exit code; what it throws is already on stderr. */
export async function run(argv: readonly string[]): Promise<number> {
  const isHelp = commandName(argv) === 'help';
  const words = isHelp ? [...argv.filter((word) => word !== 'help'), '--help'] : argv;
  const name = commandName(words);
  // A server drains its streams before it goes; its own room handles the signals.
  if (name !== 'serve') exitOnInterrupt();
  exitOnLostReader();
  let program: Command | undefined;
  try {
    program = await loadProgram(name);
    await program.parseAsync(name === 'nc' ? shielded(words) : words, { from: 'user' });
    return Number(process.exitCode ?? 0);
  } catch (error) {
    const code = error instanceof CommanderError ? error.code : '';
    if (code === 'commander.helpDisplayed' || code === 'commander.version') return 0;
    // A command that only groups others (`weir`, `weir flows`) has shown its help instead.
    if (code === 'commander.help') return 2;
    const { lines, exitCode } = complain(error, program?.opts<GlobalOptions>().verbose);
    process.stderr.write(`${lines.join('\n')}\n`);
    return exitCode;
  }
}

/** `nc` has flags of its own with the names of ours (`-v 2`): what stands behind its name is for it alone. */
function shielded(words: readonly string[]): string[] {
  const at = words.indexOf('nc') + 1;
  return [...words.slice(0, at), '--', ...words.slice(at)];
}

function root(): Command {
  return addGlobalOptions(new Command('weir'))
    .description('Measures the flow of a network: packets and flow files become flows, kept in columns, streamed over REST.')
    .version(version, '-V, --version', 'print the version of Weir')
    .helpCommand('help [command]', 'explain a command')
    .hook('preAction', async (_program, action) => {
      const { cacert, pin, insecure } = action.optsWithGlobals<GlobalOptions>();
      // Loaded on demand: TLS costs a start some milliseconds.
      if (cacert || pin || insecure) (await import('./cli/trust.ts')).settleTrust({ cacert, pin, insecure });
    })
    .addHelpText('after', '\nExamples:\n  $ weir serve\n  $ weir import office.pcap\n  $ weir flows top --by dst_port --metric bytes')
    .usage('COMMAND [options]');
}

function settle(command: Command): Command {
  command.exitOverride().showSuggestionAfterError().configureHelp({ showGlobalOptions: true });
  command.configureOutput({ outputError: () => {} });
  for (const child of command.commands) settle(child);
  return command;
}
