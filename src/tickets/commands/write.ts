/** The commands that write tickets, one or several. */
import { type Command, Option } from 'commander';
import { withExamples } from '../../cli/command.ts';
import { type Output, openOutput } from '../../cli/output.ts';
import { Problem } from '../../core/problem.ts';
import type { ShownTicket } from '../api.ts';
import { type State, states } from '../ticket.ts';
import { addFacts, type FactOptions, factsOf } from './facts.ts';
import { addWriter, idOf, shortId, withTickets } from './port.ts';
import { editText, textOf } from './text.ts';

/** Adds `weir tickets create`. */
export function addCreate(tickets: Command): void {
  const command = addWriter(addFacts(tickets.command('create').description('open a ticket')))
    .argument('[description...]', 'what is the matter; - reads standard input, nothing opens $EDITOR')
    .action(async (words: string[], options: FactOptions, command: Command) => {
      const description = await textOf(words, 'description');
      const { about, labels, ...facts } = factsOf(options);
      const more = { ...(about && { about: copied(about) }), ...(labels && { labels: [...labels] }) };
      const ticket = await withTickets(command, (port) => port.create({ ...facts, ...more, description }));
      tell(command, ticket, `Ticket ${shortId(ticket.id)} has been created.`);
    });
  withExamples(
    command,
    'weir tickets create Switch in room 4 is down',
    'weir tickets create "Beacon every 60 s" --severity high --host 192.0.2.7 --flows "host 192.0.2.7 and port 443"',
    'weir tickets create - < report.txt',
  );
}

/** Adds `weir tickets edit`. */
export function addEdit(tickets: Command): void {
  const command = addWriter(addFacts(tickets.command('edit').description('change a ticket; without options its description, in $EDITOR')))
    .argument('<id>', 'its id')
    .option('--description <text>', 'the new description; - reads standard input')
    .action(edit);
  withExamples(command, 'weir tickets edit 10', 'weir tickets edit 10 --severity low --label printer --label c2');
}

/** Adds `weir tickets comment`. */
export function addComment(tickets: Command): void {
  const command = addWriter(tickets.command('comment').description('say something about a ticket'))
    .argument('<id>', 'its id')
    .argument('[text...]', 'what to say; - reads standard input, nothing opens $EDITOR')
    .option('--delete <comment>', 'delete that comment instead')
    .action(comment);
  withExamples(command, 'weir tickets comment 10 seen again at noon', 'weir tickets comment 10 --delete 14');
}

/** Adds `weir tickets assign`. */
export function addAssign(tickets: Command): void {
  const command = addWriter(tickets.command('assign').description('say whose a ticket is'))
    .argument('<id>', 'its id')
    .argument('[name]', 'whose it is now; nothing: nobody’s')
    .action(async (word: string, name: string | undefined, _options: unknown, command: Command) => {
      const ticket = await withTickets(command, (port) => port.change(idOf(word), { assignee: name ?? null }));
      tell(command, ticket, `Ticket ${shortId(ticket.id)} is ${ticket.assignee === null ? 'nobody’s' : `${ticket.assignee}’s`}.`);
    });
  withExamples(command, 'weir tickets assign 10 ada', 'weir tickets assign 10');
}

/** Adds `weir tickets state`. */
export function addState(tickets: Command): void {
  const command = addWriter(tickets.command('state').description('move a ticket to another state'))
    .argument('<id>', 'its id')
    .argument('<state>', states.join(', '))
    .action(async (word: string, state: string, _options: unknown, command: Command) => {
      const known = states.find((one) => one === state);
      if (known === undefined)
        throw new Problem('invalid', `There is no state ${state}.`, { detail: `expected one of ${states.join(', ')}`, pointer: 'state' });
      await moveAll([word], known, undefined, command);
    });
  withExamples(command, 'weir tickets state 10 in-progress');
}

/** Adds `weir tickets close`. */
export function addClose(tickets: Command): void {
  const command = addWriter(tickets.command('close').description('close tickets'))
    .argument('<id...>', 'their ids')
    .option('-m, --message <text>', 'a comment that says why')
    .addOption(new Option('--as-resolved', 'resolved, not closed'))
    .action(async (words: string[], { message, asResolved }: { message?: string; asResolved?: boolean }, command: Command) =>
      moveAll(words, asResolved ? 'resolved' : 'closed', message, command),
    );
  withExamples(command, 'weir tickets close 10 11', 'weir tickets close 10 -m "cable replaced"');
}

async function moveAll(words: readonly string[], state: State, message: string | undefined, command: Command): Promise<void> {
  await withTickets(command, async (port) => {
    for (const id of words.map(idOf)) {
      if (message !== undefined) await port.comment(id, message);
      const ticket = await port.move(id, state);
      tell(command, ticket, `Ticket ${shortId(id)} is ${state}.`);
    }
  });
}

async function edit(word: string, { description, ...options }: FactOptions & { description?: string }, command: Command): Promise<void> {
  const id = idOf(word);
  const facts = factsOf(options);
  const ticket = await withTickets(command, async (port) => {
    if (description !== undefined) return port.change(id, { ...facts, description: await textOf([description], 'description') });
    if (Object.keys(facts).length > 0) return port.change(id, facts);
    if (!process.stdin.isTTY) throw new Problem('invalid', 'there is nothing to change', { hint: 'weir tickets edit --help' });
    const { ticket: before, tag } = await port.get(id);
    const text = editText(before.description);
    // The version: what somebody else wrote while the editor was open is not overwritten.
    return text === before.description ? before : port.change(id, { description: text }, tag);
  });
  tell(command, ticket, `Ticket ${shortId(id)} has been changed.`);
}

async function comment(word: string, words: string[], options: { delete?: string }, command: Command): Promise<void> {
  const id = idOf(word);
  const output = openOutput(command);
  if (options.delete !== undefined) {
    const doomed = idOf(options.delete);
    await withTickets(command, (port) => port.removeComment(id, doomed));
    return output.line(`Comment ${shortId(doomed)} has been deleted.`);
  }
  const text = await textOf(words, 'comment');
  const made = await withTickets(command, (port) => port.comment(id, text));
  if (output.form !== 'table') return output.record(made);
  output.line(`Comment ${shortId(made.id)} has been added to ticket ${shortId(id)}.`);
}

function tell(command: Command, ticket: ShownTicket, line: string): void {
  const output: Output = openOutput(command);
  if (output.form === 'table') output.line(line);
  else output.record(ticket);
}

const copied = (about: Record<string, readonly string[]>) =>
  Object.fromEntries(Object.entries(about).map(([kind, references]) => [kind, [...references]]));
