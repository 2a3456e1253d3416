/** How the desk talks with whoever sits at it: a person at a terminal, or a program through a pipe. */
export type Style = 'strong' | 'danger' | 'good';

export type Dialog = {
  /** True when there is a person who can use an editor and be asked twice. */
  readonly isTerminal: boolean;
  /** The last words. */
  readonly farewell: string;
  /** Writes a text and a newline. */
  print(text?: string, style?: Style): void;
  /** The choice from the menu; asks again until there is one. Throws `LeftDesk` at the end of the input. */
  choose(): Promise<string>;
  /** One line of text. */
  ask(question: string): Promise<string>;
  /** The id of a ticket, as it was typed or chosen. */
  askTicket(question: string): Promise<string>;
  confirm(question: string): Promise<boolean>;
  /** One of several words. Throws an `invalid` Problem when a program says another. */
  pick<Word extends string>(question: string, words: readonly Word[]): Promise<Word>;
};

/** Whoever sat at the desk went without a word: end of input, or Ctrl-C. */
export class LeftDesk extends Error {
  constructor() {
    super('nobody sits at the desk any more');
    this.name = 'LeftDesk';
  }
}
