/** The words of `weir rest audit`; the work is loaded when it runs. */
import { type Command, InvalidArgumentError } from 'commander';
import { withExamples } from '../cli/command.ts';
import type { AuditOptions } from './command.ts';

/** Adds `weir rest audit`. */
export function addCommands(program: Command): void {
  const rest = program.command('rest').description('score REST APIs by Richardson’s levels');
  const audit = rest
    .command('audit')
    .description('score an API by Richardson’s levels 0 to 3: its OpenAPI description, or the server itself')
    .argument('<target>', 'an OpenAPI description (JSON or YAML; a file, or - for standard input), or the address of a server')
    .option('--at-least <level>', 'exit with 1 when the API does not reach this level', readLevel)
    .option('--all', 'show every finding; without it, three of each kind')
    .option('-H, --header <line...>', 'send a header to the server, such as "Authorization: Bearer TOKEN"')
    .action(async (target: string, _options: unknown, command: Command) => {
      await (await import('./command.ts')).runAudit(target, command.optsWithGlobals<AuditOptions>());
    });
  withExamples(
    audit,
    'weir rest audit openapi.yaml',
    'weir rest audit http://127.0.0.1:8080/ --at-least 3',
    'weir rest audit https://api.example.org/ -H "Authorization: Bearer $TOKEN" --json',
  );
  withExamples(rest, 'weir rest audit --help');
}

function readLevel(text: string): number {
  if (/^[0-3]$/.test(text)) return Number(text);
  throw new InvalidArgumentError('expected 0, 1, 2 or 3');
}
