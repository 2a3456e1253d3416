/** A terminal as a whole screen that is drawn anew: what programs like top(1) need. Escape sequences are those of ECMA-48 and xterm. */
import { cutTo, displayWidth } from './table.ts';

/** Where a screen is drawn and its keys come from; the process's own streams unless a test says otherwise. */
export type ScreenStreams = { input: NodeJS.ReadStream; output: NodeJS.WriteStream };

const enter = '\x1b[?1049h\x1b[?25l'; // the other screen, no cursor
const leave = '\x1b[?25h\x1b[?1049l';
const lineFeed = '\x1b[K\r\n'; // clears what stood behind

/** Names of keys that send more than one character. */
const keys: Record<string, string> = {
  '\x1b[A': 'up',
  '\x1bOA': 'up',
  '\x1b[B': 'down',
  '\x1bOB': 'down',
  '\x1b[5~': 'page-up',
  '\x1b[6~': 'page-down',
  '\x1b[H': 'home',
  '\x1b[F': 'end',
  '\x1b': 'escape',
  '\r': 'enter',
  '\n': 'enter',
  '\x03': 'interrupt',
};

/** A sequence of its own, or a character. */
const oneKey = /\x1b\[[0-9;]*[A-Za-z~]|\x1bO.|./gsu;

/** Takes the terminal over until `close`, which gives it back as it was. */
export class Screen {
  readonly #streams: ScreenStreams;
  readonly #onKey: (key: string) => void;
  readonly #onResize: () => void;
  #isOpen = false;

  /** `onKey` hears characters as they are and the names above; `onResize` hears that there is more or less room. */
  constructor(streams: ScreenStreams, onKey: (key: string) => void, onResize: () => void) {
    this.#streams = streams;
    this.#onKey = onKey;
    this.#onResize = onResize;
  }

  get columns(): number {
    return this.#streams.output.columns || 80;
  }

  get rows(): number {
    return this.#streams.output.rows || 24;
  }

  open(): void {
    const { input, output } = this.#streams;
    this.#isOpen = true;
    output.write(enter);
    output.on('resize', this.#onResize);
    if (input.isTTY) input.setRawMode(true);
    input.setEncoding('utf8').on('data', this.#take);
    input.resume();
    // Whatever ends the process: a terminal without echo or cursor is of no use to anybody.
    process.once('exit', this.#giveBack);
  }

  /** Draws lines from the top; what is too long or too much is cut, what stood below is cleared. */
  draw(lines: readonly string[]): void {
    if (!this.#isOpen) return;
    const shown = lines.slice(0, this.rows).map((line) => (hasEscapes(line) ? line : cutTo(line, this.columns)));
    this.#streams.output.write(`\x1b[H${shown.join(lineFeed)}\x1b[K\x1b[J`);
  }

  close(): void {
    const { input, output } = this.#streams;
    output.off('resize', this.#onResize);
    input.off('data', this.#take);
    input.pause();
    process.off('exit', this.#giveBack);
    this.#giveBack();
  }

  readonly #take = (text: string | Buffer): void => {
    // Keys that are struck fast come together.
    for (const [key] of String(text).matchAll(oneKey)) {
      const name = keys[key] ?? key;
      if (name.length === 1 || keys[key] !== undefined) this.#onKey(name);
    }
  };

  readonly #giveBack = (): void => {
    if (!this.#isOpen) return;
    this.#isOpen = false;
    const { input, output } = this.#streams;
    if (input.isTTY) input.setRawMode(false);
    output.write(leave);
  };
}

/** A line in reverse, filled to the width: a head, or what is chosen. */
export function highlighted(line: string, width: number): string {
  const cut = cutTo(line, width);
  return `\x1b[7m${cut}${' '.repeat(Math.max(0, width - displayWidth(cut)))}\x1b[0m`;
}

const hasEscapes = (line: string): boolean => line.includes('\x1b[');
