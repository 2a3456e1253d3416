// What programs do with node-etcd: the port, and the path of its module, are arguments. Prints one line for each thing done.
import { createRequire } from 'node:module';

const [port, folder] = process.argv.slice(2);
const Etcd = createRequire(`${folder}/`)('node-etcd');
const etcd = new Etcd(`http://127.0.0.1:${port}`);
const say = (...words) => console.log(words.join(' '));
/** Calls a method with a callback at its end. */
const ask = (method, ...words) =>
  new Promise((resolve) => etcd[method](...words, (error, body, headers) => resolve({ error, body, headers })));
/** A watch has no answer before the change: the server tells how many there are. */
const untilWatched = async () => {
  for (let watchers = 0; watchers === 0; ) ({ watchers } = await (await fetch(`http://127.0.0.1:${port}/v2/stats/store`)).json());
};
const value = ({ body }) => body?.node?.value;

say('set', (await ask('set', '/js/a', 'one é')).body.action, value(await ask('get', '/js/a')));
say('missing', (await ask('get', '/js/none')).error.errorCode);
say('cas', (await ask('compareAndSwap', '/js/a', 'two', 'wrong')).error.errorCode, value(await ask('compareAndSwap', '/js/a', 'two', 'one é')));
say('cad', (await ask('compareAndDelete', '/js/a', 'wrong')).error.errorCode, (await ask('compareAndDelete', '/js/a', 'two')).body.action);
say('mkdir', (await ask('mkdir', '/js/dir')).body.node.dir, (await ask('rmdir', '/js/dir')).body.action);
const names = [];
for (const text of ['1', '2']) names.push((await ask('create', '/js/queue', text)).body.node.key);
say('create', names[0] < names[1], (await ask('get', '/js/queue', { recursive: true, sorted: true })).body.node.nodes.map((node) => node.value));
say('ttl', (await ask('set', '/js/t', 'x', { ttl: 300 })).body.node.ttl > 100);
say('raw', JSON.parse((await ask('raw', 'GET', 'version', null, {})).body?.etcdserver ? '1' : '0'));
say('del', (await ask('del', '/js/queue', { recursive: true })).body.action);

const watched = new Promise((resolve) => etcd.watch('/js/w', (_error, body) => resolve(body.node.value)));
await untilWatched();
const { body } = await ask('set', '/js/w', 'seen');
say('watch', await watched);
say('watchIndex', await new Promise((resolve) => etcd.watchIndex('/js/w', body.node.modifiedIndex, (_error, past) => resolve(past.node.value))));

const watcher = etcd.watcher('/js/many', null, { recursive: true });
const events = [];
const three = new Promise((resolve) => watcher.on('change', ({ node }) => events.push(node.value) === 3 && resolve()));
await untilWatched();
for (const text of ['1', '2', '3']) await ask('set', `/js/many/${text}`, text);
await three;
watcher.stop();
say('watcher', events);
process.exit(0);
