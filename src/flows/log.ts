/** Where the flows tell what went wrong behind the scenes; Pino's loggers fit. */
export type FlowsLog = {
  error(facts: { err?: unknown } & Record<string, unknown>, message: string): void;
  info(facts: Record<string, unknown>, message: string): void;
};
