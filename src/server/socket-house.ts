import { Problem } from '../core/problem.ts';
import type { Flows } from '../flows/index.ts';
import type { Records } from '../records/index.ts';
import type { SocketsHouse } from '../sockets/index.ts';
import type { Tickets } from '../tickets/index.ts';

/** What the rooms do with frames that sockets take. They come behind the rooms, and ask for them when a frame is there. */
export function socketHouse(rooms: () => { flows?: Flows; records?: Records; tickets?: Tickets }): SocketsHouse {
  return {
    addRecords: async (collection, values) => {
      const records = there(rooms().records);
      await (await records.writable(collection)).addAll(values, false);
    },
    openTicket: async ({ description, peer, listener }) => {
      const about = { hosts: [], flows: [], scans: [], jobs: [] };
      const by = peer === 'unix' ? `sockets/${listener}` : `sockets/${listener} (${peer})`;
      const content = { description, state: 'open', severity: 'medium', assignee: null, labels: ['sockets'], about } as const;
      await there(rooms().tickets).create(content, { by, via: 'api' });
    },
    importFlows: async (name, text) => await there(rooms().flows).importText(name, text),
  };
}

function there<Room>(room: Room | undefined): Room {
  if (room !== undefined) return room;
  throw new Problem('unavailable', 'That room is not there yet.');
}
