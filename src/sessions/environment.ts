/** The variables of an interpreter: a short list, since those of the server may hold its secrets. */
import { userInfo } from 'node:os';
import { join, resolve } from 'node:path';

/** Of the server's own variables these go along: where programs, certificates and clusters are found. */
const passed = [
  'PATH',
  'LD_LIBRARY_PATH',
  'TZ',
  'SSL_CERT_FILE',
  'SSL_CERT_DIR',
  'HADOOP_CONF_DIR',
  'YARN_CONF_DIR',
  'HADOOP_HOME',
  'KUBECONFIG',
  'SPARK_CONF_DIR',
] as const;

const markName = 'WEIR_FOLDER';

/** What all processes of a session or a batch have in their environment, and nobody else: its folder, whose name is never used again. */
export const markOf = (folder: string): string => `${markName}=${resolve(folder)}`;

// Asked once: each look reads the files of the system.
let account: { homedir: string; username: string } | undefined;

/** The variables of a session whose folder this is. */
export function environmentOf(folder: string, id: number, more: Record<string, string> = {}): Record<string, string> {
  account ??= userInfo();
  const own = Object.fromEntries(passed.flatMap((name) => (process.env[name] === undefined ? [] : [[name, process.env[name] as string]])));
  return {
    ...own,
    HOME: account.homedir,
    USER: account.username,
    LOGNAME: account.username,
    LANG: 'C.UTF-8',
    LC_ALL: 'C.UTF-8',
    TMPDIR: join(folder, 'tmp'),
    PYTHONUNBUFFERED: '1',
    PYTHONIOENCODING: 'utf-8',
    MPLBACKEND: 'Agg',
    WEIR_SESSION_ID: String(id),
    [markName]: resolve(folder),
    ...more,
  };
}
