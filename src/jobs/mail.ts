/** Mails about jobs that are over, handed to sendmail(8), which every mail system of Unix has. */
import { execFile } from 'node:child_process';
import { findProgram } from '../core/find-program.ts';
import type { Log } from '../core/log.ts';
import { Problem } from '../core/problem.ts';
import { KeyFault, type Tree } from '../keys/index.ts';
import { prettyDuration } from './duration.ts';
import { commandText, durationOf, isOver, type Job } from './job.ts';
import { formatId } from './job-id.ts';
import { wordsOf } from './words.ts';

export type MailSettings = {
  /** The program: a name, or a path. */
  sendmail: string;
  /** Empty: as the mail system has it. */
  from: string;
};

/** Who gets a mail: a user of the mail system here, or an address. It never looks like an option. */
export const recipient = /^[A-Za-z0-9][A-Za-z0-9._%+-]{0,63}(?:@[A-Za-z0-9][A-Za-z0-9.-]{0,189})?$/;

const patienceMs = 60_000;
/** Seconds for which it is known that a mail was sent; another server hears of the end much sooner. */
const rememberedFor = 86_400;
/** Mails that wait for the mail system at most; it is asked one by one. */
const mostWaiting = 1000;

export type MailDependencies = { tree: Tree; log: Log };

/** Sends a mail when a job that asked for one is over. Of servers that share a tree one sends it; none, if that one is killed just then. */
export class JobMail {
  readonly #settings: MailSettings;
  readonly #deps: MailDependencies;
  #sending: Promise<void> = Promise.resolve();
  #waiting = 0;
  sent = 0;
  failed = 0;

  constructor(settings: MailSettings, deps: MailDependencies) {
    this.#settings = settings;
    this.#deps = deps;
  }

  /** Throws `unprocessable` where no mail could be sent. */
  require(): void {
    if (findProgram(this.#settings.sendmail) !== undefined) return;
    throw new Problem('unprocessable', `This server sends no mail: the program ${this.#settings.sendmail} is not here.`, {
      pointer: '/mailuser',
      hint: 'apt-get install msmtp-mta, or another mail system; jobs.mail.sendmail names its program',
    });
  }

  /** Takes note of a change of a job, by whatever server. Jobs of an array get no mail; their array does. */
  hear(job: Job | undefined, before: Job | undefined): void {
    if (job?.mailUser === undefined || job.parent !== undefined || !isOver(job) || before === undefined || isOver(before)) return;
    if (this.#waiting >= mostWaiting) {
      this.#fail(job, `${mostWaiting} others wait to be sent`);
      return;
    }
    this.#waiting++;
    this.#sending = this.#sending.then(() => this.#send(job)).finally(() => this.#waiting--);
  }

  /** Resolves when nothing waits to be sent any more. */
  async stop(): Promise<void> {
    await this.#sending;
  }

  async #send(job: Job): Promise<void> {
    try {
      if (!(await this.#isOurs(job))) return;
      await this.#hand(job.mailUser as string, mailOf(job, this.#settings.from));
      this.sent++;
    } catch (error) {
      this.#fail(job, (error as Error).message);
    }
  }

  /** True for one of the servers that hear of an end: it is the first to write that down. */
  async #isOurs({ id, run, outcome }: Job): Promise<boolean> {
    try {
      await this.#deps.tree.create(`/jobs/mails/${formatId(id)}.${run}.${outcome?.ended ?? 0}`, '', { ttl: rememberedFor });
      return true;
    } catch (error) {
      if (error instanceof KeyFault && error.kind === 'exists') return false;
      throw error;
    }
  }

  #hand(to: string, mail: string): Promise<void> {
    const program = findProgram(this.#settings.sendmail);
    if (program === undefined) throw new Error(`${this.#settings.sendmail} is not here`);
    return new Promise((resolve, reject) => {
      // -i: a line with one dot does not end the mail.
      const child = execFile(program, ['-i', to], { timeout: patienceMs }, (error, _out, said) =>
        error === null ? resolve() : reject(new Error(said.trim().split('\n').at(-1) || error.message)),
      );
      child.stdin?.on('error', () => {}); // it has ended, which its exit tells
      child.stdin?.end(mail);
    });
  }

  #fail({ id, mailUser }: Job, why: string): void {
    this.failed++;
    this.#deps.log.warn({ job: id, to: mailUser, why }, 'a mail about a job could not be sent');
  }
}

/** The mail (RFC 5322), with lines ended as sendmail takes them. The mail system adds date and message id. */
function mailOf(job: Job, from: string): string {
  const id = formatId(job.id);
  const { outcome, name, started } = job;
  const duration = durationOf(job, outcome?.ended ?? job.submitted);
  const why = wordsOf(outcome);
  const facts: [string, string | undefined][] = [
    ['Job', name === undefined ? id : `${id} (${name})`],
    ['State', why === '' ? job.state : `${job.state}, ${why}`],
    ['Command', commandText(job.command)],
    ['Directory', job.directory],
    ['Log', job.logfile],
    ['Host', job.host],
    ['Submitted', new Date(job.submitted).toISOString()],
    ['Started', started === undefined ? undefined : new Date(started).toISOString()],
    ['Ended', outcome === undefined ? undefined : new Date(outcome.ended).toISOString()],
    ['Duration', prettyDuration(duration)],
  ];
  const lines = facts
    .filter(([, value]) => value !== undefined && value !== '')
    .map(([label, value]) => `${label.padEnd(10)}${oneLine(value as string)}`);
  const head = [
    ...(from === '' ? [] : [`From: ${from}`]),
    `To: ${job.mailUser}`,
    `Subject: ${header(`job ${id}${name === undefined ? '' : ` ${name}`}: ${job.state}${why === '' ? '' : `, ${why}`}`)}`,
    'Auto-Submitted: auto-generated',
    'MIME-Version: 1.0',
    'Content-Type: text/plain; charset=utf-8',
    'Content-Transfer-Encoding: base64',
  ];
  const body = Buffer.from(`${lines.join('\n')}\n`).toString('base64');
  return `${head.join('\n')}\n\n${body.replace(/.{76}/g, '$&\n')}\n`;
}

const oneLine = (text: string): string => text.replace(/[\p{Cc}\u2028\u2029]+/gu, ' ');

/** A text in a header: as it is, or in words of RFC 2047 where it is not plain ASCII, each of them short of its 75 characters. */
function header(text: string): string {
  const line = oneLine(text).slice(0, 200);
  if (/^[\x20-\x7e]*$/.test(line)) return line;
  const words: string[] = [];
  for (let rest = [...line]; rest.length > 0; rest = rest.slice(11))
    words.push(`=?utf-8?B?${Buffer.from(rest.slice(0, 11).join('')).toString('base64')}?=`);
  return words.join('\n ');
}
