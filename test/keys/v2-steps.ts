/** What is asked of both servers: every case of the API that is written down anywhere, and generated everyday traffic. */
import type { Random } from '../../scripts/random.ts';
import { rawForm, rawRequest } from './raw-client.ts';

/** One thing to do on both servers; texts with `{i}` get the tree's index, `{i-3}` and the like what is near it. */
export type Step =
  | { kind: 'ask'; raw: string; isLoose?: boolean }
  /** A watch on a connection of its own. */
  | { kind: 'watch'; name: string; raw: string }
  /** What has come on it, `events` of them as soon as they are there, then whether it ended. */
  | { kind: 'seen'; name: string; events: number }
  /** What `/v2/stats/store` has counted since it was last asked. */
  | { kind: 'count' };

export const ask = (raw: string): Step => ({ kind: 'ask', raw });
export const get = (target: string): Step => ask(rawRequest('GET', `/v2/keys${target}`));
export const put = (target: string, body = ''): Step => ask(rawForm('PUT', `/v2/keys${target}`, body));
export const post = (target: string, body = ''): Step => ask(rawForm('POST', `/v2/keys${target}`, body));
export const remove = (target: string): Step => ask(rawRequest('DELETE', `/v2/keys${target}`));
const watch = (name: string, target: string): Step => ({ kind: 'watch', name, raw: rawRequest('GET', `/v2/keys${target}`) });
const seen = (name: string, events: number): Step => ({ kind: 'seen', name, events });
/** Text as the octets of its UTF-8. */
const text = (value: string) => Buffer.from(value, 'utf8').toString('latin1');
/** A PUT with a body of any kind. */
const putAs = (type: string | undefined, body: string): Step =>
  ask(rawRequest('PUT', '/v2/keys/typed', { headers: type === undefined ? [] : [`Content-Type: ${type}`], body }));

const form = 'application/x-www-form-urlencoded';

export const paths: Step[] = [
  // Octets that should have been escaped; curl sends them as it is given them. First, since Node's own server, which takes over at odd requests, refuses them.
  ...['GET', 'PUT', 'POST', 'DELETE'].flatMap((method) =>
    ['/raw-é', '/raw-é/./x?y=é'].map((path) => ask(rawRequest(method, text(`/v2/keys${path}`)))),
  ),
  get('/a%zz'),
  get('/a%'),
  get('/a%f'),
  ...['GET', 'HEAD', 'PUT', 'POST', 'DELETE', 'OPTIONS', 'PATCH'].flatMap((method) =>
    ['//x', '/a//b/', '/./x', '/a/../b', '/x/.', '/x/..', '/%2e%2e/y', '/a%2f%2fb?x=1&y=%20', '/a%20b/./%C3%A9%3C%3E%22'].map((path) =>
      ask(rawRequest(method, `/v2/keys${path}`)),
    ),
  ),
  ...[
    '/v2/keysfoo',
    '/v2',
    '/v2/',
    '/',
    '/version/',
    '/v2/stats',
    '/nothing',
    '/v2/stats/nothing',
    '/v2/keyz/a',
    '//version',
    '/version/../version',
  ].map((target) => ask(rawRequest('GET', target))),
  ...['/v2/keys', '/v2/keys/', '/v2/keys/p', '/v2/keys/p/'].map((target) => ask(rawRequest('GET', target))),
  ...[
    '/a.',
    '/..a',
    '/...',
    '/a;b',
    '/a+b',
    '/a:b@c=d,e!f$g*h(i)',
    "/it's",
    '/q%3Fq',
    '/h%23h',
    '/p%25p',
    '/n%00n',
    '/b%5Cb',
    '/u%C3%A9',
    '/bad%FFbad',
    '/x%7fx',
  ].flatMap((path) => [put(path, 'value=v'), get(path), get(`${path}/`)]),
  put(`/${'d/'.repeat(70)}leaf`, 'value=deep'),
  put(`/${'n'.repeat(3000)}`, 'value=long'),
  ask(rawRequest('GET', 'http://elsewhere/v2/keys/u%C3%A9')),
  ask(rawRequest('GET', '/v2/keys/a#b')),
  { kind: 'ask', raw: rawRequest('GET', '/v2/keys/?'), isLoose: true },
  { kind: 'ask', raw: rawRequest('GET', '/v2/keys?recursive=false'), isLoose: true },
];

export const methods: Step[] = [
  ...['PATCH', 'TRACE', 'PROPFIND', 'LOCK'].flatMap((method) =>
    ['/v2/keys/m', '/version', '/v2/members', '/v2/machines', '/nothing'].map((path) => ask(rawRequest(method, path))),
  ),
  ...['/v2/keys/m', '/v2/keys', '/nothing', '/version', '/'].map((path) => ask(rawRequest('OPTIONS', path))),
  ask(rawRequest('OPTIONS', '/v2/keys/m', { headers: ['Access-Control-Request-Method: PUT'] })),
  put('/m', 'value=1'),
  ask(rawRequest('HEAD', '/v2/keys/m')),
  ask(rawRequest('HEAD', '/v2/keys/none')),
  ask(rawRequest('HEAD', '/v2/keys/m?wait=true')),
  ask(rawRequest('HEAD', '/v2/keys/m?quorum=true')),
];

const oddNumbers = ['', '-1', '+1', ' 1', '1.5', '0x1', '1_0', '18446744073709551616', 'abc', '00', '%31'];
const oddWords = ['', 'yes', 'TrUe', '2', 'on', '%74'];

export const parameters: Step[] = [
  put('/f', 'value=1'),
  ...['recursive', 'sorted', 'wait', 'dir', 'quorum', 'stream', 'noValueOnSuccess', 'prevExist', 'refresh'].flatMap((name) => [
    ...oddWords.flatMap((word) =>
      name === 'wait' && word === '%74' ? [] : [get(`/f?${name}=${word}`), put('/f', `value=1&${name}=${word}`)],
    ),
    remove(`/f?${name}`),
    get(`/f?${name}`),
  ]),
  ...['ttl', 'prevIndex', 'waitIndex'].flatMap((name) =>
    oddNumbers.flatMap((number) => [get(`/f?${name}=${number}`), put('/odd', `value=1&${name}=${number}`), put('/odd', 'value=1')]),
  ),
  ...['1', 't', 'T', 'true', 'TRUE', 'True', '0', 'f', 'F', 'false', 'FALSE', 'False'].map((word) =>
    get(`/f?recursive=${word}&sorted=${word}`),
  ),
  // The first fault in etcd's own order is the answer.
  put('/f?sorted=x&prevIndex=x', 'ttl=x'),
  put('/f?waitIndex=x&recursive=x', ''),
  put('/f', 'prevValue=&noValueOnSuccess=x&wait=true'),
  put('/f', 'prevValue=&noValueOnSuccess=x'),
  put('/f', 'ttl=x&prevExist=x&noValueOnSuccess=x'),
  put('/f', 'ttl=x&prevExist=x'),
  put('/f', 'prevExist=x&refresh=x'),
  put('/f', 'refresh=true&value=x'),
  put('/f', 'refresh=true'),
  put('/f', 'refresh=true&value='),
  get('/none?refresh=true'),
  put('/f', 'wait=true'),
  remove('/f?wait=true'),
  // Body before query, first value of a name.
  put('/f?value=query', 'value=body'),
  put('/f?value=query', ''),
  put('/f?value=one&value=two', ''),
  put('/f', 'value=one&value=two'),
  put('/f', 'Value=upper&unknown=1'),
  put('/f', 'value'),
  put('/f', 'value=&&=x&'),
  put('/f', 'value=a=b'),
  put('/f', 'value=a+b%2Bc%20d'),
  put('/f', '%76alue=escaped'),
  put('/f', 'value=%zz'),
  put('/f', 'value=%'),
  put('/f', 'value=%f'),
  put('/f', 'value=%f&other=%zz'),
  put('/f', 'value=a;b'),
  put('/f', 'value=a%3Bb'),
  put('/f', 'value=%zz&a;b'),
  put('/f', 'value=%"\xff'),
  get('/f?a=%zz'),
  get('/f?a;b'),
  get('/f?value=x&&=y'),
  remove('/f?a=%zz'),
  ask(rawRequest('GET', '/v2/keys/f', { headers: [`Content-Type: ${form}`], body: 'recursive=x' })),
  ask(rawRequest('DELETE', '/v2/keys/f', { headers: [`Content-Type: ${form}`], body: 'dir=x' })),
];

export const bodies: Step[] = [
  ...[
    undefined,
    '',
    'text/plain',
    'application/json',
    'multipart/form-data; boundary=x',
    'APPLICATION/X-WWW-FORM-URLENCODED',
    `${form}; charset=utf-8`,
    `${form};`,
    `${form}; a="b;c"`,
  ].map((type) => putAs(type, 'value=typed')),
  ...[';;;bad', `${form}; charset`, `${form}; a=1; a=2`, 'a/', 'a b', 'a/b c', '/x', `${form}; =x`].map((type) =>
    putAs(type, 'value=typed'),
  ),
  ask(rawRequest('PUT', '/v2/keys/typed')),
  ask(
    rawRequest('PUT', '/v2/keys/typed', {
      headers: [`Content-Type: ${form}`, 'Transfer-Encoding: chunked'],
      body: '5\r\nvalue\r\n3\r\n=xy\r\n0\r\n\r\n',
    }),
  ),
  ask(rawRequest('PUT', '/v2/keys/typed', { headers: ['Content-Type: ;;;bad'] })),
  ask(rawForm('PUT', '/v2/keys/big', `value=${'x'.repeat(300_000)}`)),
  get('/big'),
  ask(rawForm('PUT', '/v2/keys/big', `value=${'y'.repeat(10 * 1024 * 1024)}`)),
  get('/big'),
  remove('/big'),
];

export const escapes: Step[] = [
  ...['"\\/', '<b>&amp;</b>', 'line\nend\r\ttab', '\b\f\x00\x1f\x7f', 'é ü 漢字 🎉', '\u2028\u2029', '\ufffd'].flatMap((value) => [
    put('/e', `value=${encodeURIComponent(value)}`),
    get('/e'),
    put(`/e-${encodeURIComponent(value.replaceAll('/', '')).replaceAll("'", '%27')}`, 'value=1'),
  ]),
  ...['%ff', '%c3', 'a%e2%82b', '%f0%9f%8e', '%ed%a0%80', '%c0%af', '%f5%80%80%80', '%e2%80', 'x%80%80y'].flatMap((value) => [
    put('/e', `value=${value}`),
    get('/e'),
  ]),
  put('/e', text('value=raw é')),
  put('/e', 'prevValue=%3Cb%3E&value=1'),
  get('/none%3C%3E'),
];

export const writes: Step[] = [
  put('', 'value=1'),
  put('/', 'value=1'),
  remove(''),
  remove('?dir=true'),
  remove('/?recursive=true'),
  remove('?prevValue=x'),
  put('?prevValue=x', 'value=1'),
  put('?prevExist=true', 'value=1'),
  put('?prevExist=false', 'value=1'),
  put('/w', 'value=1'),
  put('/w', 'value=2'),
  get('/w'),
  put('/w', 'value=3&prevExist=true'),
  put('/w', 'prevExist=true'),
  put('/w', 'value=4&prevExist=false'),
  put('/w2', 'value=4&prevExist=false'),
  put('/w3', 'value=4&prevExist=true'),
  put('/w/below', 'value=1'),
  put('/w/below/more', 'value=1'),
  get('/w/below'),
  get('/w/below/more'),
  remove('/w/below'),
  get('/no/such/thing'),
  put('/no/such/thing', 'value=1&prevExist=true'),
  put('/a/b/c', 'value=1'),
  get('/a'),
  get('/a/b'),
  get('/a?recursive=true&sorted=true'),
  put('/a', 'value=1'),
  put('/a', 'dir=true'),
  put('/a', 'dir=true&prevExist=false'),
  put('/a/b/c', 'dir=true'),
  put('/a/b/c', 'dir=true&value=ignored'),
  get('/a/b/c'),
  put('/dir', 'dir=true&value=ignored'),
  put('/dir', 'prevExist=true&value=x'),
  put('/dir', 'prevExist=true'),
  get('/dir'),
  put('/dir', 'prevExist=true&dir=true&ttl=300'),
  get('/dir'),
  put('/dir', 'prevExist=true&dir=true'),
  put('/w', 'prevExist=true&dir=true&value=still'),
  put('/dir', 'prevIndex={i}&value=1'),
  remove('/dir?prevIndex={i}'),
  remove('/dir?prevIndex={i}&dir=true&recursive=true'),
  // In order.
  post('/q', 'value=1'),
  post('/q', 'value=2'),
  post('/q', 'dir=true'),
  post('/q'),
  post('/q', 'value=x&prevExist=true&prevValue=y&prevIndex=7'),
  post('', 'value=top'),
  post('/w', 'value=1'),
  post('/q/more/deep', 'value=1&ttl=100'),
  get('/q?sorted=true&recursive=true'),
  // Compare and swap, compare and delete.
  put('/c', 'value=one'),
  put('/c', 'value=two&prevValue=zwei'),
  put('/c', 'value=two&prevIndex=1'),
  put('/c', 'value=two&prevIndex=1&prevValue=zwei'),
  put('/c', 'value=two&prevIndex={i}&prevValue=zwei'),
  put('/c', 'value=two&prevIndex=9007199254740993'),
  put('/c', 'value=two&prevIndex=18446744073709551615'),
  put('/c', 'value=two&prevIndex=0'),
  put('/c', 'value=three&prevIndex={i}'),
  put('/c', 'value=four&prevValue=three'),
  put('/c', 'value=five&prevValue=four&prevIndex={i}&prevExist=true'),
  put('/c', 'prevValue=five'),
  put('/c', 'value=six&prevIndex={i}&prevExist=false'),
  put('/c', 'value=<&prevIndex={i}'),
  put('/c', 'value=x&prevValue=%22%26'),
  put('/missing', 'value=x&prevValue=y'),
  put('/missing', 'value=x&prevIndex=3'),
  remove('/c?prevValue=no'),
  remove('/c?prevIndex=1'),
  remove('/c?prevValue=no&prevIndex=1'),
  remove('/c?prevValue='),
  remove('/missing?prevValue=x'),
  remove('/c?prevValue=%3C'),
  get('/c'),
  put('/c', 'value=1'),
  remove('/c?prevIndex={i}'),
  // Deletes.
  remove('/missing'),
  remove('/a'),
  remove('/a?dir=true'),
  remove('/a?dir=true&recursive=false'),
  remove('/a?recursive=true'),
  remove('/dir?dir=true'),
  put('/hid/_x', 'value=1'),
  remove('/hid?dir=true'),
  get('/hid'),
  remove('/hid?recursive=true&dir=true'),
  put('/file', 'value=1'),
  remove('/file?dir=true&recursive=true'),
  put('/parent/child', 'value=1'),
  remove('/parent/child'),
  get('/parent'),
  // Short answers.
  put('/s', 'value=1&noValueOnSuccess=true'),
  put('/s', 'value=2&noValueOnSuccess=true'),
  put('/s', 'value=3&noValueOnSuccess=true&prevExist=true'),
  put('/s', 'value=4&noValueOnSuccess=true&prevExist=false'),
  put('/s', 'value=4&noValueOnSuccess=true&prevIndex={i}'),
  post('/so', 'value=4&noValueOnSuccess=true'),
  get('/s?noValueOnSuccess=true'),
  remove('/s?noValueOnSuccess=true'),
];

export const listings: Step[] = [
  ...['10', '9', 'B', 'a', 'a-b', 'a0', 'b', '%EF%BF%BD', '%F0%9F%8E%89', 'a/x', '_hidden', '_h/x', 'v/_h/y', 'v/z'].map((name) =>
    put(`/l/${name}`, 'value=1'),
  ),
  get('/l?sorted=true'),
  get('/l?sorted=true&recursive=true'),
  get('/l/?recursive=true&sorted=true&quorum=true'),
  get('/l/_hidden'),
  get('/l/_h?sorted=true'),
  get('/l/_h/x'),
  get('/l/b?sorted=true&recursive=true'),
  put('/_top', 'value=1'),
  { kind: 'ask', raw: rawRequest('GET', '/v2/keys/l'), isLoose: true },
  put('/l/empty', 'dir=true'),
  get('/l/empty'),
  get('/l?sorted=true'),
];

export const times: Step[] = [
  put('/t', 'value=1&ttl=100'),
  get('/t'),
  put('/t', 'value=2&ttl=50'),
  put('/t', 'value=3'),
  get('/t'),
  put('/t', 'ttl=30&prevExist=true&value=4'),
  put('/t', 'value=5&prevExist=true'),
  put('/t', 'value=6&prevIndex={i}&ttl=20'),
  put('/t', 'value=6&prevIndex={i}&ttl='),
  put('/t', 'ttl=2000000000&value=far'),
  put('/t', 'ttl=7500000000&value=beyond'),
  put('/t', 'ttl=9300000000&value=beyond'),
  put('/t', 'ttl=-1'),
  put('/t', 'ttl=1.5'),
  put('/td', 'dir=true&ttl=100'),
  put('/td/x', 'value=1'),
  get('/td?recursive=true'),
  // Refresh.
  put('/r', 'value=keep&ttl=100'),
  put('/r', 'refresh=true&ttl=200'),
  put('/r', 'refresh=true&ttl=200&prevExist=true'),
  put('/r', 'refresh=true&ttl=200&prevIndex={i}'),
  put('/r', 'refresh=true&ttl=200&prevValue=keep'),
  put('/r', 'refresh=true&ttl=200&prevValue=other'),
  put('/r', 'refresh=false&value=x'),
  put('/missing', 'refresh=true&ttl=200'),
  put('/missing', 'refresh=true&ttl=200&prevExist=true'),
  put('/made', 'refresh=true&ttl=200&prevExist=false'),
  post('/made-q', 'refresh=true&ttl=200'),
  put('/td', 'refresh=true&ttl=200'),
  put('/td', 'refresh=true&ttl=200&prevExist=true'),
  get('/r'),
  // The end: nothing else happens meanwhile, so both count the same.
  put('/end/a', 'value=1&ttl=2'),
  put('/end/b', 'dir=true&ttl=4'),
  put('/end/b/c', 'value=1&ttl=300'),
  watch('end', '/end?wait=true&recursive=true&stream=true'),
  watch('below', '/end/b/c?wait=true'),
  seen('end', 2),
  seen('below', 1),
  get('/end?recursive=true'),
  get('/end/b/c'),
  watch('now', '/now?wait=true&stream=true'),
  put('/now', 'value=1&ttl=0'),
  seen('now', 2),
  get('/now'),
  put('/now', 'value=1&ttl=18446744073709551615'),
  seen('now', 2),
  get('/now'),
];

export const watches: Step[] = [
  watch('one', '/x?wait=true'),
  watch('stream', '/x?wait=true&stream=true'),
  watch('deep', '/?wait=true&recursive=true&stream=true'),
  watch('above', '/x?wait=true&recursive=true&stream=true'),
  put('/x', 'value=1'),
  put('/x', 'value=1&noValueOnSuccess=true'),
  put('/x', 'value=2&prevExist=false'),
  put('/other', 'value=1'),
  remove('/x'),
  seen('one', 1),
  seen('stream', 4),
  seen('above', 4),
  seen('deep', 4),
  // Directories.
  put('/d/a/b', 'value=1'),
  watch('dir', '/d?wait=true'),
  watch('b', '/d/a/b?wait=true'),
  watch('b2', '/d/a/b?wait=true&stream=true'),
  watch('never', '/d/a/never?wait=true'),
  watch('prefix', '/d/a/bb?wait=true&recursive=true'),
  watch('foo', '/foo?wait=true&recursive=true'),
  put('/foobar', 'value=1'),
  put('/d/c', 'value=1'),
  seen('dir', 0),
  seen('foo', 0),
  remove('/d/a?recursive=true'),
  seen('b', 1),
  seen('b2', 1),
  seen('never', 0),
  seen('prefix', 0),
  put('/d/a/b', 'value=again'),
  seen('b2', 1),
  remove('/d?recursive=true'),
  seen('dir', 1),
  seen('b2', 1),
  // Hidden keys.
  watch('root', '/h?wait=true&recursive=true&stream=true'),
  watch('hidden', '/h/_x?wait=true&recursive=true&stream=true'),
  put('/h/_x/y', 'value=1'),
  put('/h/_x', 'prevExist=true&ttl=100'),
  put('/h/z', 'value=1'),
  remove('/h/_x?recursive=true'),
  seen('root', 1),
  seen('hidden', 4),
  // Refreshes are not told.
  put('/rf', 'value=1&ttl=100'),
  watch('rf', '/rf?wait=true'),
  put('/rf', 'refresh=true&ttl=100'),
  seen('rf', 0),
  put('/rf', 'value=2'),
  seen('rf', 1),
  // History.
  put('/hist', 'value=1'),
  put('/hist', 'value=2'),
  put('/unrelated', 'value=1'),
  watch('h1', '/hist?wait=true&waitIndex={i-2}'),
  seen('h1', 1),
  watch('h2', '/hist?wait=true&waitIndex={i-1}&stream=true'),
  seen('h2', 1),
  put('/hist', 'value=3'),
  seen('h2', 0),
  watch('h3', '/hist?wait=true&waitIndex={i+2}&stream=true'),
  put('/hist', 'value=4'),
  put('/hist', 'value=5'),
  put('/hist', 'value=6'),
  seen('h3', 2),
  watch('h4', '/nobody?wait=true&waitIndex={i-3}'),
  put('/nobody', 'value=1'),
  seen('h4', 1),
  watch('h0', '/nobody?wait=true&waitIndex=0'),
  put('/nobody', 'value=2'),
  seen('h0', 1),
  watch('early', '/nobody-at-all?wait=true&waitIndex=1'),
  seen('early', 0),
  put('/hello/x', 'value=1'),
  remove('/hello?recursive=true'),
  watch('replay1', '/hello/never?wait=true&waitIndex={i}'),
  watch('replay2', '/hellothere?wait=true&waitIndex={i}'),
  seen('replay1', 1),
  seen('replay2', 1),
  put('/_hid/a', 'value=1'),
  watch('replay3', '/?wait=true&recursive=true&waitIndex={i}'),
  seen('replay3', 1),
  put('/rfr', 'value=1&ttl=100'),
  put('/rfr', 'refresh=true&ttl=100'),
  watch('replay4', '/rfr?wait=true&waitIndex={i}'),
  seen('replay4', 0),
  // What is no watch.
  get('/hist?waitIndex=1'),
  get('/hist?stream=true'),
  get('/hist?wait=true&quorum=true'),
  get('/hist?wait=false&waitIndex=3'),
];

/** What is counted; each kind of success and the failures that etcd counts rightly. */
export const counting: Step[] = [
  { kind: 'count' },
  put('/n', 'value=1'),
  put('/n', 'value=2&prevExist=true'),
  put('/n2', 'value=1&prevExist=true'),
  put('/n2', 'value=1&prevExist=false'),
  put('/n2', 'value=1&prevExist=false'),
  post('/nq', 'value=1'),
  put('/n', 'value=3&prevIndex=1'),
  put('/n', 'value=3&prevValue=2'),
  remove('/n?prevValue=3'),
  remove('/n'),
  remove('/n2'),
  get('/nq'),
  get('/nq?recursive=true'),
  ask(rawRequest('HEAD', '/v2/keys/nq')),
  watch('counted', '/n?wait=true'),
  watch('counted too', '/n?wait=true&stream=true'),
  { kind: 'count' },
  put('/n', 'value=1'),
  seen('counted', 1),
  { kind: 'count' },
  put('/n', 'value=1&ttl=1'),
  seen('counted too', 3),
  { kind: 'count' },
];

/** Leaves the first index behind: 1100 writes, then those that come too late. */
export const lateWatches: Step[] = [
  ...Array.from({ length: 1100 }, (_, at): Step => put('/busy', `value=${at}`)),
  get('/busy?wait=true&waitIndex=5'),
  get('/busy?wait=true&waitIndex={i-1000}'),
  watch('edge', '/busy?wait=true&waitIndex={i-999}'),
  seen('edge', 1),
  get('/none?wait=true&waitIndex=1&stream=true&recursive=true'),
];

/** URLs that no peer can have. */
const badPeers = ['nope', 'http://127.0.0.1', 'ftp://127.0.0.1:1', 'http://127.0.0.1:1/p', ' http://[::1]', 'http://127.0.0.1:1/'];

export const pages: Step[] = [
  ...['/version', '/health', '/v2/stats/leader', '/v2/auth/enable', '/v2/members/nobody', '/v2/members/leader/x'].map((path) =>
    ask(rawRequest('GET', path)),
  ),
  ...['/version', '/health', '/v2/stats/self', '/v2/stats/store', '/v2/stats/leader', '/v2/members', '/v2/members/leader'].flatMap((path) =>
    ['HEAD', 'PUT', 'POST', 'DELETE']
      .filter((method) => !path.startsWith('/v2/members') || method === 'HEAD')
      .map((method) => ask(rawRequest(method, path))),
  ),
  ask(rawRequest('HEAD', '/v2/machines')),
  ask(rawRequest('PUT', '/v2/machines')),
  ask(rawRequest('DELETE', '/v2/members/abcd')),
  ask(rawRequest('DELETE', '/v2/members/nothex')),
  ask(rawRequest('DELETE', '/v2/members')),
  ask(rawRequest('DELETE', '/v2/members/')),
  ask(rawRequest('POST', '/v2/members', { headers: ['Content-Type: text/plain'], body: '{}' })),
  ask(rawRequest('POST', '/v2/members', { body: '{}' })),
  ...['{}', '{"peerURLs":[]}', ...badPeers.map((url) => JSON.stringify({ peerURLs: [url] }))].flatMap((body) => [
    ask(rawRequest('POST', '/v2/members', { headers: ['Content-Type: application/json'], body })),
    ask(rawRequest('PUT', '/v2/members/abcd', { headers: ['Content-Type: application/json; charset=utf-8'], body })),
  ]),
  ...['abcd', '00ABCD', 'nothex', 'abcd/'].flatMap((id) => [
    ask(
      rawRequest('PUT', `/v2/members/${id}`, { headers: ['Content-Type: application/json'], body: '{"peerURLs":["http://127.0.0.1:1"]}' }),
    ),
    ask(rawRequest('PUT', `/v2/members/${id}`, { headers: ['Content-Type: text/plain'], body: '{}' })),
    ask(rawRequest('DELETE', `/v2/members/${id}`)),
  ]),
  ask(rawRequest('PUT', '/v2/members', { body: '{}' })),
];

/** Everyday traffic: writes and reads of all kinds on a few keys, so that they meet. */
export function traffic(count: number, random: Random): Step[] {
  const pick = <Item>(items: readonly Item[]): Item => random.pick(items);
  const key = () => pick(['/a', '/a/b', '/a/b/c', '/b', '/b/_h', '/b/_h/x', '/q', '/c%20d', '/_r', '', '/b/c']);
  const value = () => pick(['', '1', '2', 'x%26y', '%C3%A9', '%FF', '<tag>', 'a+b']);
  const near = () => pick(['{i}', '{i-1}', '{i-2}', '{i-5}', '1', '0']);
  const flag = () => pick(['true', 'false', 'true', 'x']);
  const some = (...options: string[]) => options.filter(() => random.below(4) === 0);
  const list = (...fields: string[]) => fields.join('&');
  const kinds: (() => Step)[] = [
    () => put(key(), list(`value=${value()}`, ...some('ttl=500', 'dir=true', 'noValueOnSuccess=true'))),
    () => put(key(), list(`value=${value()}`, `prevExist=${flag()}`, ...some('ttl=500', 'ttl=', 'dir=true'))),
    () => put(key(), list(`value=${value()}`, ...some(`prevIndex=${near()}`, `prevValue=${value()}`, 'prevExist=true', 'ttl=500'))),
    () => put(key(), list('refresh=true', 'ttl=700', ...some('prevExist=true', `prevIndex=${near()}`, 'value=', 'prevExist=false'))),
    () => post(key(), list(`value=${value()}`, ...some('dir=true', 'ttl=500'))),
    () => remove(`${key()}?${list(...some('recursive=true', 'dir=true', `prevValue=${value()}`, `prevIndex=${near()}`))}`),
    () => get(`${key()}?${list('sorted=true', ...some('recursive=true', 'quorum=true'))}`),
    () => get(`${key()}?sorted=true&recursive=true`),
    () => ({ kind: 'ask', raw: rawRequest('HEAD', `/v2/keys${key()}?sorted=true`), isLoose: true }),
  ];
  return Array.from({ length: count }, () => pick(kinds)());
}
