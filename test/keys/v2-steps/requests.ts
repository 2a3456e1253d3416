/** How requests may be written: paths, methods, parameters, bodies, escapes, and the pages beside the keys. */
import { rawForm, rawRequest } from '../raw-client.ts';
import { ask, get, put, remove, type Step } from './step.ts';

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
