/** One thing that was looked at. `fix` is the command that mends it. An `error` keeps Weir from working, a `warning` takes a part away. */
export type Finding = { level: 'ok' | 'warning' | 'error'; code: string; text: string; fix?: string };
