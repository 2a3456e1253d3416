import type { Command } from 'commander';
import { InvalidArgumentError as InvalidArgument, Option } from 'commander';

/** The options every command understands, before or after its name; read them with `command.optsWithGlobals()`. */
export type GlobalOptions = {
  /** `http://HOST:PORT`, `https://…` or `unix:/PATH`. */
  server: string;
  /** A file with authorities that servers may be certified by. */
  cacert?: string;
  /** SHA-256 fingerprints, separated by commas: the server has to have one of them. */
  pin?: string;
  insecure?: boolean;
  /** A data directory to work on directly, without a server. */
  data?: string;
  json?: boolean;
  csv?: boolean;
  /** False with `--no-color`. */
  color: boolean;
  quiet?: boolean;
  verbose?: boolean;
};

/** Adds the global options to the root of the command tree. */
export function addGlobalOptions(program: Command): Command {
  return program
    .addOption(new Option('--server <url>', 'the Weir to speak to').env('WEIR_SERVER').default('http://127.0.0.1:8080'))
    .addOption(new Option('--cacert <file>', 'trust servers that these authorities (PEM) certify, too').env('WEIR_CACERT'))
    .addOption(new Option('--pin <sha256>', 'trust the server with this fingerprint and no other (weir tls fingerprint)').env('WEIR_PIN'))
    .option('--insecure', 'trust any server (HTTPS without knowing who answers)')
    .option('--data <dir>', 'work on this data directory itself, which no server may hold')
    .addOption(new Option('--json', 'print JSON').conflicts('csv'))
    .option('--csv', 'print CSV')
    .option('--no-color', 'print without colours (also NO_COLOR)')
    .option('-q, --quiet', 'print results and errors only')
    .option('-v, --verbose', 'print more: causes and stacks of errors');
}

const examplesByCommand = new WeakMap<Command, readonly string[]>();

/** Gives a command its examples, which its `--help`, the reference page and the tests read. */
export function withExamples(command: Command, ...lines: string[]): Command {
  examplesByCommand.set(command, lines);
  return command.addHelpText('after', `\nExamples:\n${lines.map((line) => `  $ ${line}`).join('\n')}`);
}

/** The examples of a command, as typed in a shell. */
export const examplesOf = (command: Command): readonly string[] => examplesByCommand.get(command) ?? [];

/** A value for an option that counts: a whole number from `least` up, with Commander's own message on anything else. */
export function wholeNumber(least: number): (text: string) => number {
  return (text) => {
    const value = Number(text);
    if (!/^\d+$/.test(text) || !Number.isSafeInteger(value) || value < least) {
      throw new InvalidArgument(`Expected a whole number from ${least} up.`);
    }
    return value;
  };
}
