/** Shapes of etcd's v2 API, for the description of the API; see docs/58-etcd-v2.md for what each means. */
import { Type } from 'typebox';

const flag = (description: string) => Type.Optional(Type.Boolean({ description }));

export const keyParams = Type.Object({ '*': Type.String({ description: 'The path of the key.' }) });

export const keyQuery = Type.Object({
  recursive: flag('The whole subtree.'),
  sorted: flag('Listings by name; they always are.'),
  quorum: flag('Read behind all writes that were acknowledged anywhere.'),
  wait: flag('GET: answer with the next change.'),
  waitIndex: Type.Optional(Type.Integer({ minimum: 0, description: 'The first index of interest.' })),
  stream: flag('Keep the watch open, a line for each change.'),
  dir: flag('DELETE: an empty directory.'),
  prevValue: Type.Optional(Type.String({ description: 'DELETE: the value it must still have.' })),
  prevIndex: Type.Optional(Type.Integer({ minimum: 0, description: 'DELETE: the modified index it must still have.' })),
});

export const keyForm = Type.Object({
  value: Type.Optional(Type.String()),
  dir: flag('Make a directory.'),
  ttl: Type.Optional(Type.Integer({ minimum: 0, description: 'Seconds until it ends.' })),
  prevExist: flag('Update only, or create only.'),
  prevValue: Type.Optional(Type.String({ description: 'The value it must still have.' })),
  prevIndex: Type.Optional(Type.Integer({ minimum: 0, description: 'The modified index it must still have.' })),
  refresh: flag('A new time to live, the same value, and no watcher is told.'),
  noValueOnSuccess: flag('A short answer.'),
});

const node = Type.Object(
  {
    key: Type.Optional(Type.String()),
    value: Type.Optional(Type.String()),
    dir: Type.Optional(Type.Boolean()),
    expiration: Type.Optional(Type.String({ format: 'date-time' })),
    ttl: Type.Optional(Type.Integer()),
    modifiedIndex: Type.Optional(Type.Integer()),
    createdIndex: Type.Optional(Type.Integer()),
  },
  { additionalProperties: true, description: 'A node; directories have their children in `nodes`.' },
);

export const keyReply = {
  200: Type.Object({ action: Type.String(), node: Type.Optional(node), prevNode: Type.Optional(node) }),
  201: Type.Object({ action: Type.String(), node: Type.Optional(node) }),
};

/** Paths of everything that is not a key, and what they are. */
export const pageSummaries = {
  '/version': 'The release of etcd whose API this is',
  '/health': 'Whether the keys can be read and written, as etcd says it',
  '/v2/stats/self': 'Who keeps the keys',
  '/v2/stats/store': 'How many requests of each kind there were',
  '/v2/stats/leader': 'Who leads',
  '/v2/members': 'The members of the store, all to be reached here',
  '/v2/machines': 'Where this API is, as text',
} as const;
