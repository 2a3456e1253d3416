/** The names of Docker's networks, where its socket may be read; never needed. */
import { get } from 'node:http';

const socketPath = '/var/run/docker.sock';
/** Milliseconds that Docker has to answer, and octets of its answer that are read. */
const patienceMs = 1000;
const longest = 4_194_304;

type Network = { Id?: string; Name?: string; Options?: Record<string, string> | null };

/** Bridge name to network name; empty where Docker cannot be asked. */
export async function dockerNetworks(path = socketPath): Promise<Map<string, string>> {
  const networks = await ask(path).catch(() => [] as Network[]);
  const names = networks.flatMap(({ Id, Name, Options }): [string, string][] => {
    if (typeof Id !== 'string' || typeof Name !== 'string') return [];
    return [[Options?.['com.docker.network.bridge.name'] ?? `br-${Id.slice(0, 12)}`, Name]];
  });
  return new Map(names);
}

function ask(path: string): Promise<Network[]> {
  return new Promise((resolve, reject) => {
    const request = get({ socketPath: path, path: '/networks', headers: { host: 'docker' }, timeout: patienceMs }, (answer) => {
      let text = '';
      answer.setEncoding('utf8');
      answer.on('data', (part: string) => {
        text += part;
        if (text.length > longest) answer.destroy(new Error('too much'));
      });
      answer.on('end', () => {
        try {
          const found: unknown = JSON.parse(text);
          resolve(Array.isArray(found) ? found : []);
        } catch (fault) {
          reject(fault);
        }
      });
      answer.on('error', reject);
    });
    request.on('timeout', () => request.destroy(new Error('no answer')));
    request.on('error', reject);
  });
}
