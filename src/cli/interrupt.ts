/**
 * How a command line ends before its time: Ctrl-C and SIGTERM run what was registered here and exit 128 + signal, and a
 * reader that went away (`weir flows list | head -1`) ends the program without a word.
 */
const cleanups = new Set<() => void>();

/** Runs `cleanup` (synchronous: remove a part file, end a progress line) if the command is interrupted; call the result when done. */
export function onInterrupt(cleanup: () => void): () => void {
  cleanups.add(cleanup);
  return () => cleanups.delete(cleanup);
}

/** Installs the handlers of SIGINT (exit code 130) and SIGTERM (143). */
export function exitOnInterrupt(): void {
  const codes = { SIGINT: 130, SIGTERM: 143 } as const;
  for (const [signal, code] of Object.entries(codes)) {
    process.once(signal, () => {
      for (const cleanup of cleanups) cleanup();
      process.exit(code);
    });
  }
}

/** Has the first SIGINT or SIGTERM abort `stopping`, for a command that ends in order; a second one ends the program as above. */
export function stopOnInterrupt(stopping: AbortController): void {
  for (const signal of ['SIGINT', 'SIGTERM'] as const) {
    const others = process.listeners(signal);
    process.removeAllListeners(signal);
    process.once(signal, () => {
      for (const other of others) process.once(signal, other as NodeJS.SignalsListener);
      stopping.abort();
    });
  }
}

/** Exits quietly when nobody reads standard output or standard error any more (EPIPE). */
export function exitOnLostReader(): void {
  for (const stream of [process.stdout, process.stderr]) {
    stream.on('error', (error: NodeJS.ErrnoException) => {
      if (error.code !== 'EPIPE') throw error;
      for (const cleanup of cleanups) cleanup();
      process.exit(0);
    });
  }
}
