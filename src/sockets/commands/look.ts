/** `weir sockets list | show | start | stop`: the listeners of a server. */
import type { Command } from 'commander';
import { type GlobalOptions, withExamples } from '../../cli/command.ts';
import { formatBytes } from '../../cli/format.ts';
import { type Output, openOutput } from '../../cli/output.ts';
import type { ShownListener } from '../api.ts';
import type { SocketsClient } from '../remote.ts';

/** Adds the commands about a server's listeners. */
export function addLook(sockets: Command): void {
  for (const add of [addList, addShow]) add(sockets);
  addTurn(sockets, 'start', 'open a listener of the server that is closed');
  addTurn(sockets, 'stop', 'close a listener of the server; what came is delivered');
}

async function withSockets<T>(command: Command, work: (sockets: SocketsClient) => Promise<T>): Promise<T> {
  // Loaded on demand: HTTP costs help and completion some 20 ms.
  const { SocketsClient } = await import('../remote.ts');
  const sockets = new SocketsClient(command.optsWithGlobals<GlobalOptions>().server);
  try {
    return await work(sockets);
  } finally {
    sockets.close();
  }
}

function addList(sockets: Command): void {
  const command = sockets
    .command('list')
    .description('list the listeners that the server was told of (sockets.listeners)')
    .action(async (_options: unknown, command: Command) => {
      const output = openOutput(command);
      const listeners = await withSockets(command, (sockets) => sockets.list());
      if (output.form === 'table' && listeners.length === 0)
        return output.note('no listeners; the setting sockets.listeners declares them');
      printListeners(output, listeners);
    });
  withExamples(command, 'weir sockets list', 'weir sockets list --json');
}

function printListeners(output: Output, listeners: readonly ShownListener[]): void {
  output.rows(
    listeners,
    [
      { title: 'NAME', show: ({ name }) => name },
      { title: 'STATE', show: ({ state }) => state },
      { title: 'ADDRESS', show: ({ address }) => address },
      { title: 'FRAMING', show: ({ framing = 'datagrams' }) => framing },
      { title: 'TO', show: ({ to }) => to },
      { title: 'OPEN', align: 'right', show: ({ connections }) => String(connections) },
      { title: 'FRAMES', align: 'right', show: ({ frames }) => String(frames) },
      { title: 'BYTES', align: 'right', show: ({ bytes }) => formatBytes(bytes) },
      { title: 'NOT TAKEN', align: 'right', show: ({ refused, lost, turned_away }) => String(refused + lost + sum(turned_away)) },
    ],
    ['name', 'state', 'address', 'framing', 'to', 'connections', 'accepted', 'frames', 'bytes', 'delivered', 'refused', 'lost'],
  );
}

const sum = (counts: Record<string, number>): number => Object.values(counts).reduce((total, count) => total + count, 0);

function addShow(sockets: Command): void {
  const command = sockets
    .command('show')
    .description('show a listener with all that it counts, and who sends to it')
    .argument('<name>', 'its name')
    .action(async (name: string, _options: unknown, command: Command) => {
      const output = openOutput(command);
      await withSockets(command, async (sockets) => {
        const { links: _links, ...listener } = await sockets.get(name);
        const peers = await sockets.peers(name);
        if (output.form === 'json') return output.json({ ...listener, peers });
        output.record(listener);
        output.rows(
          peers,
          [
            { title: 'PEER', show: ({ address }) => address },
            { title: 'SINCE', show: ({ since }) => since.slice(0, 19).replace('T', ' ') },
            { title: 'FRAMES', align: 'right', show: ({ frames }) => String(frames) },
            { title: 'BYTES', align: 'right', show: ({ bytes }) => formatBytes(bytes) },
            { title: 'HELD BACK', show: ({ held_back }) => (held_back ? 'yes' : '') },
          ],
          ['address', 'since', 'last', 'frames', 'bytes', 'held_back'],
        );
      });
    });
  withExamples(command, 'weir sockets show syslog', 'weir sockets show syslog --json');
}

function addTurn(sockets: Command, to: 'start' | 'stop', about: string): void {
  const command = sockets
    .command(to)
    .description(about)
    .argument('<name...>', 'names of listeners')
    .action(async (names: string[], _options: unknown, command: Command) => {
      const output = openOutput(command);
      await withSockets(command, async (sockets) => {
        const turned: ShownListener[] = [];
        for (const name of names) turned.push(await sockets.turn(name, to));
        if (output.form === 'table') for (const { name, state, address } of turned) output.note(`${name} is ${state} (${address})`);
        else printListeners(output, turned);
      });
    });
  withExamples(command, `weir sockets ${to} syslog`);
}
