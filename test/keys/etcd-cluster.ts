/** Real etcd members for tests: Debian's `etcd` (package etcd-server), on free ports, their data in a folder that goes with them. */
import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const programNamed = (name: string) => ['/usr/bin', '/usr/local/bin'].map((folder) => join(folder, name)).find(existsSync);
const etcd = programNamed('etcd');

/** Why tests with a cluster cannot run here; undefined when they can. */
export const noEtcd = [etcd, programNamed('etcdctl')].includes(undefined) ? 'needs etcd: apt install etcd-server etcd-client' : undefined;
if (noEtcd !== undefined) console.warn(`skipped: ${noEtcd}`);

/** As long as a test may last. */
const patienceMs = 110_000;

export type ClusterOptions = {
  members?: 1 | 3;
  /** Certificates are made with openssl; clients must show one of them. */
  hasTls?: boolean;
  /** Turns authentication on: `root` and `weir` with the password `secret`; `weir` may touch the prefix alone. */
  authPrefix?: string;
};

/** The files that a client of a cluster with TLS needs. */
export type TlsFiles = { ca: string; cert: string; key: string };

/** Starts a cluster and waits until it answers. */
export async function startCluster({ members = 1, hasTls = false, authPrefix }: ClusterOptions = {}): Promise<EtcdCluster> {
  const folder = mkdtempSync(join(tmpdir(), 'weir-etcd-'));
  const tls = hasTls ? makeCertificates(folder) : undefined;
  const ports = await freePorts(members * 2);
  const cluster = new EtcdCluster(folder, ports, tls);
  await Promise.all(cluster.members.map((member) => member.start()));
  await cluster.ready();
  if (authPrefix !== undefined) cluster.enableAuth(authPrefix);
  return cluster;
}

export class EtcdCluster {
  readonly members: readonly EtcdMember[];
  readonly tls: TlsFiles | undefined;
  readonly #folder: string;

  constructor(folder: string, ports: readonly number[], tls: TlsFiles | undefined) {
    this.#folder = folder;
    this.tls = tls;
    const count = ports.length / 2;
    const names = Array.from({ length: count }, (_, at) => `m${at}`);
    const initial = names.map((name, at) => `${name}=http://127.0.0.1:${ports[count + at]}`).join(',');
    this.members = names.map(
      (name, at) => new EtcdMember({ name, folder, clientPort: ports[at]!, peerPort: ports[count + at]!, initial, tls }),
    );
  }

  get endpoints(): string[] {
    return this.members.map(({ url }) => url);
  }

  /** Runs etcdctl (v3) against all members; answers what it printed. */
  control(...words: string[]): string {
    const { tls } = this;
    const security = tls === undefined ? [] : ['--cacert', tls.ca, '--cert', tls.cert, '--key', tls.key];
    const env = { ...process.env, ETCDCTL_API: '3' };
    const options = { env, encoding: 'utf8' as const, timeout: patienceMs };
    return execFileSync('etcdctl', ['--endpoints', this.endpoints.join(','), ...security, ...words], options);
  }

  /** Waits until a write goes through. */
  async ready(): Promise<void> {
    for (;;) {
      try {
        this.control('--command-timeout=2s', 'put', 'ready', '1');
        return;
      } catch {
        await new Promise((wake) => setTimeout(wake, 50));
      }
    }
  }

  /** The member that leads now; waits for an election to end. */
  async leader(): Promise<EtcdMember> {
    for (;;) {
      for (const member of this.members.filter(({ isRunning }) => isRunning)) {
        const [{ Status }] = JSON.parse(this.controlAt(member, 'endpoint', 'status', '-w', 'json')) as [
          { Status: { leader: bigint; header: { member_id: bigint } } },
        ];
        // The ids lose their last bits as numbers, yet both lose the same.
        if (Status.leader === Status.header.member_id) return member;
      }
      await new Promise((wake) => setTimeout(wake, 50));
    }
  }

  controlAt(member: EtcdMember, ...words: string[]): string {
    const { tls } = this;
    const security = tls === undefined ? [] : ['--cacert', tls.ca, '--cert', tls.cert, '--key', tls.key];
    const env = { ...process.env, ETCDCTL_API: '3' };
    return execFileSync('etcdctl', ['--endpoints', member.url, ...security, ...words], { env, encoding: 'utf8', timeout: patienceMs });
  }

  enableAuth(prefix: string): void {
    for (const words of [
      ['user', 'add', 'root:secret'],
      ['user', 'grant-role', 'root', 'root'],
      ['role', 'add', 'weir'],
      ['role', 'grant-permission', 'weir', '--prefix=true', 'readwrite', prefix],
      ['user', 'add', 'weir:secret'],
      ['user', 'grant-role', 'weir', 'weir'],
    ]) {
      try {
        this.control(...words);
      } catch (error) {
        // The role root is there already in some releases.
        if (!words.includes('root')) throw error;
      }
    }
    this.control('auth', 'enable');
  }

  async stop(): Promise<void> {
    await Promise.all(this.members.map((member) => member.kill()));
    rmSync(this.#folder, { recursive: true, force: true });
  }
}

type MemberOptions = {
  name: string;
  folder: string;
  clientPort: number;
  peerPort: number;
  initial: string;
  tls: TlsFiles | undefined;
};

export class EtcdMember {
  readonly name: string;
  readonly url: string;
  readonly #arguments: string[];
  #process: ChildProcess | undefined;

  constructor({ name, folder, clientPort, peerPort, initial, tls }: MemberOptions) {
    this.name = name;
    this.url = `http${tls === undefined ? '' : 's'}://127.0.0.1:${clientPort}`;
    const peer = `http://127.0.0.1:${peerPort}`;
    this.#arguments = ['--name', name, '--data-dir', join(folder, name), '--logger', 'zap', '--log-level', 'error'];
    this.#arguments.push('--listen-client-urls', this.url, '--advertise-client-urls', this.url);
    this.#arguments.push('--listen-peer-urls', peer, '--initial-advertise-peer-urls', peer, '--initial-cluster', initial);
    if (tls !== undefined) {
      this.#arguments.push('--client-cert-auth', '--trusted-ca-file', tls.ca, '--cert-file', tls.cert, '--key-file', tls.key);
    }
  }

  get isRunning(): boolean {
    return this.#process !== undefined;
  }

  async start(): Promise<void> {
    const child = spawn(etcd ?? 'etcd', this.#arguments, { stdio: ['ignore', 'ignore', 'ignore'] });
    this.#process = child;
    await new Promise<void>((started, failed) => child.once('spawn', started).once('error', failed));
  }

  /** Ends it as a power cut would. */
  async kill(): Promise<void> {
    const child = this.#process;
    this.#process = undefined;
    if (child === undefined) return;
    const ended = new Promise((end) => child.once('exit', end));
    child.kill('SIGKILL');
    await ended;
  }

  /** It keeps its connections and says nothing any more, neither to clients nor to the others. */
  freeze(): void {
    this.#process?.kill('SIGSTOP');
  }

  thaw(): void {
    this.#process?.kill('SIGCONT');
  }
}

/** Ports that nobody listens on just now. */
async function freePorts(count: number): Promise<number[]> {
  const servers = Array.from({ length: count }, () => createServer());
  const ports: number[] = [];
  for (const server of servers) {
    await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening));
    ports.push((server.address() as { port: number }).port);
  }
  await Promise.all(servers.map((server) => new Promise((closed) => server.close(closed))));
  return ports;
}

/** One authority, and one certificate of it for 127.0.0.1 that serves and calls. */
function makeCertificates(folder: string): TlsFiles {
  const at = (name: string) => join(folder, name);
  const openssl = (...words: string[]) => execFileSync('openssl', words, { stdio: 'ignore', cwd: folder });
  const key = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes'];
  openssl('req', '-x509', ...key, '-keyout', 'ca.key', '-out', 'ca.pem', '-days', '2', '-subj', '/CN=test authority');
  const extensions = ['-addext', 'subjectAltName=IP:127.0.0.1', '-addext', 'extendedKeyUsage=serverAuth,clientAuth'];
  openssl('req', ...key, '-keyout', 'member.key', '-out', 'member.csr', '-subj', '/CN=member', ...extensions);
  const signing = ['-CA', 'ca.pem', '-CAkey', 'ca.key', '-CAcreateserial', '-copy_extensions', 'copy', '-days', '2'];
  openssl('x509', '-req', '-in', 'member.csr', '-out', 'member.pem', ...signing);
  return { ca: at('ca.pem'), cert: at('member.pem'), key: at('member.key') };
}
