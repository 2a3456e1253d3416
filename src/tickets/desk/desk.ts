/** The ticket desk: a menu, and what each of its numbers does. Its words are those that people and scripts know. */
import { Problem } from '../../core/problem.ts';
import type { TicketItem, TicketsPort } from '../access.ts';
import { idOf } from '../commands/port.ts';
import { editText } from '../commands/text.ts';
import { statesAfter } from '../ticket.ts';
import { type Dialog, LeftDesk } from './dialog.ts';

type Step = (tickets: TicketsPort, dialog: Dialog) => Promise<void>;

/** Serves whoever talks by the dialog until they exit. */
export async function runDesk(tickets: TicketsPort, dialog: Dialog): Promise<void> {
  try {
    for (let choice = await dialog.choose(); choice !== '6'; choice = await dialog.choose()) await serve(choice, tickets, dialog);
  } catch (error) {
    if (!(error instanceof LeftDesk)) throw error;
    dialog.print();
  }
  dialog.print(dialog.farewell);
}

async function serve(choice: string, tickets: TicketsPort, dialog: Dialog): Promise<void> {
  const step = steps[choice] ?? (dialog.isTerminal ? stepsOfTerminals[choice] : undefined);
  if (step === undefined) return dialog.print('That is not a valid option');
  try {
    await step(tickets, dialog);
  } catch (error) {
    if (!(error instanceof Problem) || error.code === 'unavailable' || error.code === 'internal') throw error;
    if (error.code === 'not-found') return dialog.print('That ticket does not exist within the system.');
    dialog.print([error.title, error.detail].filter((part) => part !== undefined).join(' '), 'danger');
  }
}

const readAll: Step = async (tickets, dialog) => {
  const { items } = await tickets.list({}, Number.POSITIVE_INFINITY);
  if (items.length === 0) return dialog.print('There are no tickets in the system');
  dialog.print();
  for (const item of items) dialog.print(`Ticket ID - ${item.id}${dialog.isTerminal ? `  ${briefly(item)}` : ''}`);
};

const getOne: Step = async (tickets, dialog) => {
  const id = await dialog.askTicket('What is the ticket ID? ');
  const { ticket } = await tickets.get(idOf(id));
  dialog.print(`\nFor ${id}:`, 'strong');
  dialog.print(`    Ticket Description - ${ticket.description}`);
  if (!dialog.isTerminal) return;
  dialog.print(`    ${ticket.severity}, ${ticket.state}, ${ticket.assignee ?? 'nobody'}’s; ${ticket.labels.join(', ')}`);
  for (const { at, by, text } of await tickets.comments(ticket.id)) dialog.print(`    ${at.slice(0, 16)} ${by ?? ''}: ${text}`);
};

const create: Step = async (tickets, dialog) => {
  const { id } = await tickets.create({ description: await dialog.ask('Give a short 140 char description of the issue: ') });
  dialog.print(`\nTicket ${id} has been created.`, 'good');
};

const update: Step = async (tickets, dialog) => {
  const id = await dialog.askTicket('Update what ticket ID? ');
  const description = await dialog.ask('What is the updated 140 char description of the issue: ');
  const { ticket: before, tag } = await tickets.get(idOf(id));
  const after = await tickets.change(before.id, { description }, tag);
  dialog.print(`\nFor ${id}:`, 'strong');
  dialog.print(`    Updated Ticket Description - ${after.description}`);
  dialog.print(`    Old Ticket Description - ${before.description}`);
};

const remove: Step = async (tickets, dialog) => {
  const id = await dialog.askTicket('What is the ticket ID? ');
  await tickets.remove(idOf(id));
  dialog.print(`\nTicket ${id} has been removed from the system`, 'good');
};

const removeAll: Step = async (tickets, dialog) => {
  if (!(await dialog.confirm('Really delete ALL tickets?'))) return dialog.print('Nothing was deleted');
  await tickets.removeAll();
  dialog.print('All tickets have been removed from the system', 'danger');
};

const searchAll: Step = async (tickets, dialog) => {
  const { items } = await tickets.list({ q: await dialog.ask('What are you looking for? ') }, 100);
  if (items.length === 0) return dialog.print('No ticket says so');
  for (const item of items) dialog.print(`Ticket ID - ${item.id}  ${briefly(item)}`);
};

const edit: Step = async (tickets, dialog) => {
  const { ticket, tag } = await tickets.get(idOf(await dialog.askTicket('Edit what ticket ID? ')));
  const description = editText(ticket.description);
  if (description === ticket.description) return dialog.print('Nothing was changed');
  await tickets.change(ticket.id, { description }, tag);
  dialog.print(`\nTicket ${ticket.id} has been changed.`, 'good');
};

const move: Step = async (tickets, dialog) => {
  const { ticket } = await tickets.get(idOf(await dialog.askTicket('Change the state of what ticket ID? ')));
  const from = ticket.state as Parameters<typeof statesAfter>[0];
  const state = await dialog.pick(`It is ${from}. What is it now?`, statesAfter(from));
  await tickets.move(ticket.id, state);
  dialog.print(`\nTicket ${ticket.id} is ${state}.`, 'good');
};

const comment: Step = async (tickets, dialog) => {
  const { ticket } = await tickets.get(idOf(await dialog.askTicket('Comment on what ticket ID? ')));
  await tickets.comment(ticket.id, await dialog.ask('What is there to say? '));
  dialog.print(`\nTicket ${ticket.id} has a comment more.`, 'good');
};

const steps: Record<string, Step> = {
  ...{ 1: readAll, 2: getOne, 3: create, 4: update, 5: remove, 99: removeAll },
  ...{ 7: searchAll, 9: move, 10: comment },
};
/** An editor would read the lines that are meant for the desk. */
const stepsOfTerminals: Record<string, Step> = { 8: edit };

const briefly = ({ severity, state, subject }: TicketItem): string => `${severity}, ${state}: ${subject}`;
