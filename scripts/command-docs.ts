/**
 * Writes docs/57-commands.md from the command tree (`--write`), or verifies that it is up to date (`--check`, the default).
 */
import { readFile, writeFile } from 'node:fs/promises';
import type { Command, Option } from 'commander';
import { examplesOf } from '../src/cli/command.ts';
import { loadTree } from '../src/program.ts';

const page = new URL('../docs/57-commands.md', import.meta.url);

const exitCodes = [
  ['0', 'done'],
  ['1', 'a fault inside Weir; or `weir check` and `weir doctor` found an error'],
  ['2', 'the command line or the input is wrong'],
  ['3', 'what was named is not there'],
  ['4', 'not allowed'],
  ['5', 'nobody answers, or not in time'],
  ['6', 'in conflict with what is there: a duplicate import, a data directory that another process holds'],
  ['7', 'a limit is reached'],
  ['130', 'interrupted by Ctrl-C (143: by SIGTERM)'],
];

const intro = `# Commands

<!-- Generated from the commands themselves: node scripts/command-docs.ts --write. Edit the commands, not this page. -->

Each command works on a server (\`--server URL\`, or \`WEIR_SERVER\`) or, where it is about flows, on a data directory that no
server holds (\`--data DIR\`). Results go to standard output: tables for people, \`--json\` or \`--csv\` with raw numbers for
programs. Progress, remarks and errors go to standard error.

## Exit codes

${table(['code', 'meaning'], ...exitCodes)}
`;

/** The reference page of the commands, as Markdown. */
export async function commandPage(): Promise<string> {
  const tree = await loadTree();
  const sections = [`## Options of every command\n\n${optionTable(tree.options)}\n`, ...leaves(tree, '').map(section)];
  return `${intro}\n${sections.join('\n')}`;
}

type Leaf = { path: string; command: Command };

function leaves(command: Command, above: string): Leaf[] {
  const path = `${above} ${command.name()}`.trim();
  return command.commands.length === 0 ? [{ path, command }] : command.commands.flatMap((child) => leaves(child, path));
}

function section({ path, command }: Leaf): string {
  const words = command.registeredArguments.map((argument) => {
    const name = `${argument.name()}${argument.variadic ? '...' : ''}`;
    return argument.required ? `<${name}>` : `[${name}]`;
  });
  const options = command.options.filter((option) => !option.hidden);
  const usage = ['```', [path, ...(options.length > 0 ? ['[options]'] : []), ...words].join(' '), '```'].join('\n');
  const argumentLines = command.registeredArguments.map((argument) => `- \`${argument.name()}\`: ${argument.description}`).join('\n');
  const examples = examplesOf(command);
  const parts = [
    `## ${path}`,
    capitalise(command.description()),
    usage,
    argumentLines,
    options.length > 0 ? optionTable(options) : '',
    examples.length > 0 ? `Examples:\n\n\`\`\`sh\n${examples.join('\n')}\n\`\`\`` : '',
  ];
  return `${parts.filter((part) => part !== '').join('\n\n')}\n`;
}

const capitalise = (text: string): string => `${text.charAt(0).toUpperCase()}${text.slice(1)}.`;

const optionTable = (options: readonly Option[]): string =>
  table(['option', 'meaning'], ...options.map((option) => [`\`${cell(option.flags)}\``, cell(describe(option))]));

// Columns stand straight, as the formatter of the house wants them.
function table(head: string[], ...rows: string[][]): string {
  const widths = head.map((_, i) => Math.max(3, ...[head, ...rows].map((row) => (row[i] as string).length)));
  const line = (cells: string[]) => `| ${cells.map((text, i) => text.padEnd(widths[i] as number)).join(' | ')} |`;
  const rule = `| ${widths.map((width) => '-'.repeat(width)).join(' | ')} |`;
  return [line(head), rule, ...rows.map(line)].join('\n');
}

function describe(option: Option): string {
  const facts = [
    option.argChoices ? `one of ${option.argChoices.join(', ')}` : '',
    option.defaultValue === undefined || option.negate ? '' : `default ${option.defaultValueDescription ?? option.defaultValue}`,
    option.envVar ? `environment ${option.envVar}` : '',
  ].filter((fact) => fact !== '');
  return facts.length > 0 ? `${option.description} (${facts.join('; ')})` : option.description;
}

const cell = (text: string): string => text.replaceAll('|', '\\|');

if (import.meta.main) {
  const text = await commandPage();
  if (process.argv.includes('--write')) await writeFile(page, text);
  else if ((await readFile(page, 'utf8').catch(() => '')) !== text) {
    console.error('docs/57-commands.md is not what the commands say; run: node scripts/command-docs.ts --write');
    process.exitCode = 1;
  }
}
