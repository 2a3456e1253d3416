import { describe, expect, test } from 'vitest';
import { QuickReader } from './quick-request.ts';

const reader = new QuickReader((host) => host === 'localhost:2379');
const head = (line: string, ...headers: string[]) => `${[line, 'Host: localhost:2379', ...headers].join('\r\n')}\r\n\r\n`;

test('reads a request and says where the next one begins', () => {
  const first = head('PUT /v2/keys/a HTTP/1.1', 'Content-Type: text/plain', 'content-length: 7');
  const text = `${first}value=1${head('GET /v2/keys/a HTTP/1.1')}`;
  const end = first.length + 7;
  expect(reader.read(text)).toEqual({ method: 'PUT', target: '/v2/keys/a', contentType: 'text/plain', body: 'value=1', end });
  expect(reader.read(text.slice(end))).toMatchObject({ method: 'GET', body: '', end: text.length - end });
});

test('waits for the rest of a body', () => {
  expect(reader.read(`${head('PUT /v2/keys/a HTTP/1.1', 'Content-Length: 7')}val`)).toBe('partial');
});

describe('leaves alone', () => {
  test.each([
    ['a head that is not whole', 'GET /v2/keys/a HTTP/1.1\r\nHost: localhost:2379\r\n'],
    ['other paths', head('GET /version HTTP/1.1')],
    ['other methods', head('HEAD /v2/keys/a HTTP/1.1')],
    ['HTTP/1.0', head('GET /v2/keys/a HTTP/1.0')],
    ['a request without a host', 'GET /v2/keys/a HTTP/1.1\r\nAccept: */*\r\n\r\n'],
    ['another host', 'GET /v2/keys/a HTTP/1.1\r\nHost: evil.example\r\n\r\n'],
    ['two hosts', head('GET /v2/keys/a HTTP/1.1', 'Host: localhost:2379')],
    ['two lengths', `${head('PUT /v2/keys/a HTTP/1.1', 'Content-Length: 1', 'Content-Length: 2')}xx`],
    ['a length that is none', `${head('PUT /v2/keys/a HTTP/1.1', 'Content-Length: +1')}x`],
    ['chunks', head('PUT /v2/keys/a HTTP/1.1', 'Transfer-Encoding: chunked')],
    ['folded headers', head('GET /v2/keys/a HTTP/1.1', 'Accept: a', ' b')],
    ['a space before the colon', head('GET /v2/keys/a HTTP/1.1', 'Content-Length : 1')],
    ['bare line feeds', 'GET /v2/keys/a HTTP/1.1\nHost: localhost:2379\n\n\r\n\r\n'],
    ['pages', head('GET /v2/keys/a HTTP/1.1', 'Origin: http://localhost:2379')],
    ['logins', head('GET /v2/keys/a HTTP/1.1', 'Authorization: Bearer x')],
    ['proxies', head('GET /v2/keys/a HTTP/1.1', 'X-Forwarded-For: 10.0.0.1')],
    ['a body of a GET', `${head('GET /v2/keys/a HTTP/1.1', 'Content-Length: 1')}x`],
    ['the end of a connection', head('GET /v2/keys/a HTTP/1.1', 'Connection: close')],
  ])('%s', (_name, text) => {
    expect(reader.read(text)).toBeUndefined();
  });
});
