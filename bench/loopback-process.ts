/**
 * An HTTP server that sends octets which cost nothing to make: what the loopback and Node's sockets alone can do.
 * `/N` is N octets, in blocks of the size of a flow stream's. Prints its port.
 */
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { blockOctets } from '../src/flows/encode/block.ts';

const block = new Uint8Array(blockOctets).fill(0x20);
const server = createServer(async (request, response) => {
  let left = Number(request.url?.slice(1));
  for (; left > 0; left -= block.length) {
    if (!response.write(left < block.length ? block.subarray(0, left) : block)) await once(response, 'drain');
  }
  response.end();
}).listen(0, '127.0.0.1', () => console.log((server.address() as AddressInfo).port));
