import type { Command, Option } from 'commander';
import { Problem } from '../core/problem.ts';
import { withExamples } from './command.ts';
import { loadOffers, offersOf } from './offers.ts';

/** Loads the whole command tree; `program.ts` hands it in, since this folder knows no room. */
export type LoadTree = () => Promise<Command>;

const shells = { bash: bashScript, zsh: zshScript, fish: fishScript } as const;

/** What adds `weir completion SHELL` to the tree. */
export function completionOf(loadTree: LoadTree): (program: Command) => void {
  return (program) => {
    const command = program
      .command('completion')
      .description('print the completion script of a shell')
      .argument('<shell>', Object.keys(shells).join(', '))
      .option('--nc', "also the alias nc for weir nc; it hides netcat's nc")
      .action(async (shell: string, { nc }: { nc?: boolean }) => {
        const tree = await loadTree();
        await loadOffers();
        process.stdout.write(completionScript(shell, tree));
        // The three shells write an alias alike.
        if (nc) process.stdout.write("alias nc='weir nc'\n");
      });
    withExamples(
      command,
      'source <(weir completion bash)',
      'source <(weir completion bash --nc)',
      'weir completion zsh > ~/.zfunc/_weir',
      'weir completion fish > ~/.config/fish/completions/weir.fish',
    );
  };
}

/** The script that teaches a shell the commands and options of a tree. Throws an `invalid` Problem for a shell it does not know. */
export function completionScript(shell: string, tree: Command): string {
  if (!Object.hasOwn(shells, shell))
    throw new Problem('invalid', `there is no completion for ${shell}`, { hint: 'weir completion bash|zsh|fish' });
  return shells[shell as keyof typeof shells](describeTree(tree));
}

/** One command as the scripts need it: its words from the root (`flows top`), and what may follow. */
type Node = { path: string; commands: { name: string; summary: string }[]; options: Option[]; choices: readonly string[] };

function describeTree(root: Command): Node[] {
  const nodes: Node[] = [];
  const visit = (command: Command, path: string) => {
    const commands = command.commands.map((child) => ({ name: child.name(), summary: child.description() }));
    const options = [...command.options, ...(command === root ? [] : root.options)].filter((option) => !option.hidden);
    const [argument] = command.registeredArguments;
    const choices = path === 'completion' ? Object.keys(shells) : argument === undefined ? [] : offersOf(argument);
    nodes.push({ path, commands, options, choices });
    for (const child of command.commands) visit(child, `${path} ${child.name()}`.trim());
  };
  visit(root, '');
  return nodes;
}

const flagsOf = (option: Option): string[] => [option.short, option.long].filter((flag) => flag !== undefined && flag !== null);
const wordsOf = (node: Node): string =>
  [...node.commands.map((c) => c.name), ...node.choices, ...node.options.flatMap(flagsOf), '--help'].join(' ');
const unique = (words: string[]): string[] => [...new Set(words)];

/** Options name what they take: `--out <file>`, `--data <dir>`. */
const takesPath = (option: Option): boolean => /[<[](file|dir)/.test(option.flags);

/** Flags that take a value, each with the words it allows, or `paths`. */
function valuedFlags(nodes: Node[]): [string, readonly string[] | 'paths'][] {
  const choicesByFlag = new Map<string, readonly string[] | 'paths'>();
  for (const option of nodes.flatMap((node) => node.options)) {
    if (!option.required && !option.optional) continue;
    for (const flag of flagsOf(option)) {
      const known = choicesByFlag.get(flag) ?? [];
      choicesByFlag.set(flag, known === 'paths' || takesPath(option) ? 'paths' : unique([...known, ...offersOf(option)]));
    }
  }
  return [...choicesByFlag];
}

function bashScript(nodes: Node[]): string {
  const valued = valuedFlags(nodes);
  const groups = nodes.filter((node) => node.commands.length > 0 && node.path !== '').map((node) => node.path);
  return `# bash completion of weir: source <(weir completion bash)
_weir() {
  local cur=\${COMP_WORDS[COMP_CWORD]} prev=\${COMP_WORDS[COMP_CWORD-1]} path= word i
  COMPREPLY=()
  case $prev in
${valued.map(([flag, words]) => `    ${flag}) ${words === 'paths' ? bashFiles : bashReply(words.join(' '))}; return ;;`).join('\n')}
  esac
  for ((i = 1; i < COMP_CWORD; i++)); do
    word=\${COMP_WORDS[i]}
    case $word in
      ${valued.map(([flag]) => flag).join('|')}) ((i++)) ;;
      -*) ;;
      *) if [ -z "$path" ]; then path=$word; else case $path in ${['', ...groups].map(quote).join('|')}) path="$path $word" ;; esac; fi ;;
    esac
  done
  case $path in
${nodes.map((node) => `    '${node.path}') ${bashReply(wordsOf(node))} ;;`).join('\n')}
  esac
  [ \${#COMPREPLY[@]} -gt 0 ] || ${bashFiles}
}
complete -o filenames -F _weir weir
`;
}

const bashReply = (words: string): string => `COMPREPLY=($(compgen -W '${words}' -- "$cur"))`;
const bashFiles = 'COMPREPLY=($(compgen -f -- "$cur"))';

function zshScript(nodes: Node[]): string {
  return `#compdef weir
# zsh completion of weir: weir completion zsh > a folder of fpath, as _weir
_weir() {
  # the name path is tied to PATH in zsh
  local context state line trail= word
  for word in "\${words[@]:1:$((CURRENT - 2))}"; do
    case "$trail $word" in
${nodes
  .filter((node) => node.path !== '')
  .map((node) => `      ${quote(node.path.includes(' ') ? node.path : ` ${node.path}`)}) trail=${quote(node.path)} ;;`)
  .join('\n')}
    esac
  done
  case $trail in
${nodes.map((node) => `    ${quote(node.path)})\n${zshNode(node)}      ;;`).join('\n')}
  esac
}
# autoloaded from a folder of fpath, this file is the function; sourced, it has to be announced
if [ "$funcstack[1]" = _weir ]; then _weir "$@"; else compdef _weir weir; fi
`;
}

function zshNode(node: Node): string {
  const commands = node.commands.map((c) => `        ${quote(`${c.name}:${c.summary}`)}`).join('\n');
  const options = node.options.flatMap((option) => flagsOf(option).map((flag) => zshOption(flag, option)));
  const rest = node.choices.length > 0 ? `:value:(${node.choices.join(' ')})` : ':file:_files';
  const subcommands = `      local -a subcommands=(\n${commands}\n      )\n      [[ $PREFIX == -* ]] || { _describe command subcommands; return }\n`;
  return `${commands === '' ? '' : subcommands}      _arguments ${[...options, quote(`*${rest}`)].join(' ')}\n`;
}

function zshOption(flag: string, option: Option): string {
  const about = option.description.replace(/[[\]:\\]/g, '\\$&');
  if (!option.required && !option.optional) return quote(`${flag}[${about}]`);
  const words = offersOf(option);
  const values = words.length > 0 ? `(${words.join(' ')})` : takesPath(option) ? '_files' : ' ';
  return quote(`${flag}${flag.startsWith('--') ? '=' : ''}[${about}]:value:${values}`);
}

function fishScript(nodes: Node[]): string {
  const lines = nodes.flatMap((node) => {
    const words = node.path === '' ? [] : node.path.split(' ');
    const seen = words.map((word) => `__fish_seen_subcommand_from ${word}`);
    const none = node.commands.length > 0 ? [`not __fish_seen_subcommand_from ${node.commands.map((c) => c.name).join(' ')}`] : [];
    const here = quote([...seen, ...none].join('; and ') || 'true');
    const commands = node.commands.map((c) => `complete -c weir -f -n ${here} -a ${c.name} -d ${quote(c.summary)}`);
    const choices = node.choices.length > 0 ? [`complete -c weir -f -n ${here} -a ${quote(node.choices.join(' '))}`] : [];
    // The global options hold everywhere: once, at the root.
    const own = words.length === 0 ? node.options : node.options.filter((option) => !nodes[0]?.options.includes(option));
    return [...commands, ...choices, ...own.map((option) => fishOption(option, words.length === 0 ? quote('true') : here))];
  });
  return `# fish completion of weir: weir completion fish > ~/.config/fish/completions/weir.fish\n${lines.join('\n')}\n`;
}

function fishOption(option: Option, here: string): string {
  const flags = flagsOf(option).map((flag) => (flag.startsWith('--') ? `-l ${flag.slice(2)}` : `-s ${flag.slice(1)}`));
  const words = offersOf(option);
  const value =
    option.required || option.optional
      ? ` -r${takesPath(option) ? 'F' : ' -f'}${words.length > 0 ? ` -a ${quote(words.join(' '))}` : ''}`
      : '';
  return `complete -c weir -n ${here} ${flags.join(' ')}${value} -d ${quote(option.description)}`;
}

/** A word in single quotes, which bash, zsh and (without backslashes) fish read alike. */
const quote = (text: string): string => `'${text.replaceAll("'", "'\\''")}'`;
