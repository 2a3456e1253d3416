import { styleText } from 'node:util';
import pino, { type DestinationStream, type Logger } from 'pino';

export type Log = Logger;

export const logLevels = ['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent'] as const;
export type LogLevel = (typeof logLevels)[number];

/** What must never reach a log, whatever object it hangs on: at the top, one level down, or among the headers of a request. */
const secretNames = ['authorization', 'cookie', 'password', 'passwd', 'secret', 'token', 'apiKey'];
const secretPaths = [
  ...secretNames.flatMap((name) => [name, `*.${name}`]),
  'headers["set-cookie"]',
  ...['authorization', 'cookie', '["x-api-key"]', '["set-cookie"]'].map((name) => `req.headers${name.startsWith('[') ? name : `.${name}`}`),
];

export type LogOptions = {
  level: LogLevel;
  /** Where lines go: stderr by default, since stdout belongs to results. */
  stream?: DestinationStream;
  /** One line for people rather than JSON; by default when stderr is a terminal. */
  isPretty?: boolean;
};

/** A Pino log: JSON lines for machines, or one short line each for a person at a terminal; secrets become `[redacted]`. */
export function createLog({ level, stream = stderrStream, isPretty = process.stderr.isTTY === true }: LogOptions): Log {
  const target = isPretty ? { write: (line: string) => stream.write(prettyLine(line)) } : stream;
  const redact = { paths: secretPaths, censor: '[redacted]' };
  return pino(
    { level, redact, base: null, timestamp: pino.stdTimeFunctions.isoTime, formatters: { level: (label) => ({ level: label }) } },
    target,
  );
}

// Through process.stderr and not by a stream of Pino's own: lines then keep their order with what commands print there.
const stderrStream: DestinationStream = { write: (line) => void process.stderr.write(line) };

const colours = { fatal: 'magenta', error: 'red', warn: 'yellow', info: 'green', debug: 'cyan', trace: 'gray' } as const;

/** `12:00:01.250 warn  flows: the message  key=value`, with the stack of an error on lines of its own. */
export function prettyLine(json: string, environment: NodeJS.ProcessEnv = process.env): string {
  const { level, time, msg = '', room, err, ...rest } = JSON.parse(json) as Record<string, unknown> & { err?: { stack?: string } };
  const paint = (style: Parameters<typeof styleText>[0], text: string) =>
    environment.NO_COLOR ? text : styleText(style, text, { validateStream: false });
  const facts = Object.entries(rest).map(([key, value]) => ` ${paint('gray', `${key}=`)}${oneLine(value)}`);
  const label = String(level);
  const head = [
    paint('gray', String(time).slice(11, 23)),
    paint(colours[label as keyof typeof colours] ?? 'gray', label.padEnd(5)),
    `${room === undefined ? '' : `${oneLine(room)}: `}${oneLine(msg)}`,
  ].join(' ');
  return `${head}${facts.length > 0 ? ' ' : ''}${facts.join('')}\n${err?.stack ? `${indented(err.stack)}\n` : ''}`;
}

const oneLine = (value: unknown): string => printable(typeof value === 'string' ? value : JSON.stringify(value));

// Text from the wire reaches the log; without this a terminal would obey the escape sequences inside it.
const printable = (text: string): string =>
  text.replace(/[\u0000-\u001f\u007f-\u009f]/g, (mark) => `\\x${mark.charCodeAt(0).toString(16).padStart(2, '0')}`);

const indented = (text: string): string =>
  text
    .split('\n')
    .map((line) => `  ${printable(line)}`)
    .join('\n');
