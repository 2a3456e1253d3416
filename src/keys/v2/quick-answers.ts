/** Whole answers as text, from parts that are put together once and not for each. */
import { STATUS_CODES } from 'node:http';
import type { KeysAnswer, PageAnswer } from './answer.ts';
import type { Cluster } from './cluster.ts';

export class QuickAnswers {
  readonly #cluster: Cluster;
  readonly #cors: string;
  /** By status; for the cluster and its term as they are now. */
  readonly #heads = new Map<number, string>();
  #headsFor = '';
  #tail = '';
  #second = 0;

  /** `cors` are names and values in turn. */
  constructor(cluster: Cluster, cors: readonly string[]) {
    this.#cluster = cluster;
    this.#cors = linesOf(cors);
  }

  keys({ status, text, index, isError, isExact }: KeysAnswer): string {
    const position = isError ? '' : `\r\nX-Raft-Index: ${this.#cluster.positionOf(index)}\r\nX-Raft-Term: ${this.#cluster.term}`;
    const exact = isExact === true ? '\r\nX-Weir-Exact: true' : '';
    return `${this.#head(status)}${index}${position}${exact}\r\nContent-Length: ${text.length}${this.#date()}${text}`;
  }

  /** The head of a watch; chunks follow. */
  watch(index: number): string {
    const position = `X-Raft-Index: ${this.#cluster.positionOf(index)}\r\nX-Raft-Term: ${this.#cluster.term}`;
    return `${this.#head(200)}${index}\r\n${position}\r\nTransfer-Encoding: chunked${this.#date()}`;
  }

  page({ status, headers, text, isBare }: PageAnswer): string {
    if (isBare === true) return `${statusLine(status)}${linesOf(headers)}Connection: close\r\n\r\n${text}`;
    return `${statusLine(status)}${this.#cors}${linesOf(headers)}Content-Length: ${text.length}${this.#date()}${text}`;
  }

  /** Up to the value of X-Etcd-Index. */
  #head(status: number): string {
    const { id } = this.#cluster;
    if (this.#headsFor !== id) this.#heads.clear();
    this.#headsFor = id;
    let head = this.#heads.get(status);
    if (head === undefined) {
      head = `${statusLine(status)}${this.#cors}Content-Type: application/json\r\nX-Etcd-Cluster-Id: ${id}\r\nX-Etcd-Index: `;
      this.#heads.set(status, head);
    }
    return head;
  }

  /** The end of the headers, with the date: made anew once a second. */
  #date(): string {
    const now = Date.now();
    const second = Math.floor(now / 1000);
    if (second !== this.#second) {
      this.#second = second;
      this.#tail = `\r\nDate: ${new Date(now).toUTCString()}\r\n\r\n`;
    }
    return this.#tail;
  }
}

const statusLine = (status: number): string => `HTTP/1.1 ${status} ${STATUS_CODES[status] ?? ''}\r\n`;

function linesOf(headers: readonly string[]): string {
  let lines = '';
  for (let at = 0; at < headers.length; at += 2) lines += `${headers[at]}: ${headers[at + 1]}\r\n`;
  return lines;
}
