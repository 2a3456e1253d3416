/**
 * A network of namespaces (ip-netns(8)) for one test: the scanner in one, hosts in others, joined by a bridge in a namespace of its own.
 * Nothing of it touches the networks of the machine. Needs root.
 */
import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';

const run = (program: string, ...args: string[]): string =>
  execFileSync(program, args, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] });

/** Why there can be no lab here; undefined where there can. */
export function whyNoLab(): string | undefined {
  if (process.geteuid?.() !== 0) return 'network namespaces need root';
  const name = `weir-try-${process.pid}`;
  try {
    for (const program of ['nft', 'nmap', 'ip']) run('sh', '-c', `command -v ${program}`);
    run('ip', 'netns', 'add', name);
    run('ip', 'netns', 'del', name);
    return undefined;
  } catch (error) {
    return `nft, nmap, ip and namespaces are needed: ${(error as Error).message.split('\n')[0]}`;
  }
}

const listeners = `
const net = require('node:net');
for (const host of ['0.0.0.0', '::']) for (const port of process.argv.slice(1).map(Number))
  net.createServer((s) => { s.on('error', () => {}); if (port === 2003) s.resetAndDestroy(); }).listen({ port, host, ipv6Only: true }, tell);
let left = 2 * (process.argv.length - 1);
function tell() { if (--left === 0) console.log('ready'); }
`;

export class Lab {
  readonly #prefix = `wl${process.pid}`;
  readonly #children: ChildProcess[] = [];
  readonly #spaces: string[] = [];
  readonly scanner = this.#space('s');

  constructor() {
    this.#space('b');
    this.in('b', 'ip', 'link', 'add', 'br0', 'type', 'bridge');
    this.in('b', 'ip', 'link', 'set', 'br0', 'up');
    this.#join('s', 1);
  }

  /** A host at 10.77.0.N and fd77::N that listens on some ports, behind a filter (the rules of an nftables input chain, one a line). */
  async host(number: number, { ports, filter }: { ports: number[]; filter?: string }): Promise<void> {
    const name = `h${number}`;
    this.#space(name);
    this.#join(name, number);
    // Without limits on ICMP errors, or what is seen is a matter of luck.
    this.in(name, 'sysctl', '-qw', 'net.ipv4.icmp_ratemask=0', 'net.ipv4.icmp_ratelimit=0', 'net.ipv6.icmp.ratelimit=0');
    if (filter !== undefined) this.filter(name, filter);
    if (ports.length > 0) await this.listen(name, ports);
  }

  /** Filters what comes in: rules of nftables, one a line. */
  filter(space: string, rules: string): void {
    const input = `table inet t {\n chain c {\n type filter hook input priority 0; policy accept;\n${rules}\n }\n}\n`;
    execFileSync('ip', ['netns', 'exec', this.nameOf(space), 'nft', '-f', '-'], { input });
  }

  /** Listens on ports over IPv4 and IPv6; 2003 resets whoever comes. */
  async listen(space: string, ports: readonly number[]): Promise<void> {
    await this.start(space, process.execPath, '-e', listeners, ...ports.map(String));
  }

  /** Starts a program in a namespace; resolves when it has printed something. */
  async start(space: string, program: string, ...args: string[]): Promise<ChildProcess> {
    const child = spawn('ip', ['netns', 'exec', this.nameOf(space), program, ...args], { stdio: ['ignore', 'pipe', 'inherit'] });
    this.#children.push(child);
    await once(child.stdout, 'data');
    return child;
  }

  /** Runs a program in a namespace to its end, and answers what it printed. */
  in(space: string, program: string, ...args: string[]): string {
    return run('ip', 'netns', 'exec', this.nameOf(space), program, ...args);
  }

  nameOf(space: string): string {
    return `${this.#prefix}${space}`;
  }

  async close(): Promise<void> {
    for (const child of this.#children) {
      if (child.exitCode !== null || child.signalCode !== null) continue;
      const gone = once(child, 'exit');
      child.kill('SIGKILL');
      await gone;
    }
    for (const name of this.#spaces) run('ip', 'netns', 'del', name);
  }

  #space(space: string): string {
    run('ip', 'netns', 'add', this.nameOf(space));
    this.#spaces.push(this.nameOf(space));
    this.in(space, 'ip', 'link', 'set', 'lo', 'up');
    return space;
  }

  #join(space: string, number: number): void {
    const [own, other] = [this.nameOf(space), this.nameOf('b')];
    run('ip', 'link', 'add', 'eth0', 'netns', own, 'type', 'veth', 'peer', 'name', `p${number}`, 'netns', other);
    this.in(space, 'ip', 'address', 'add', `10.77.0.${number}/24`, 'dev', 'eth0');
    this.in(space, 'ip', 'address', 'add', `fd77::${number}/64`, 'dev', 'eth0', 'nodad');
    this.in(space, 'ip', 'link', 'set', 'eth0', 'up');
    this.in('b', 'ip', 'link', 'set', `p${number}`, 'master', 'br0', 'up');
  }
}
