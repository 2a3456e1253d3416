import { Type } from 'typebox';
import type { RoomRoutes } from '../core/http.ts';
import { Problem } from '../core/problem.ts';

/** Asks one part whether it can work: undefined when it can, otherwise the reason in a few words. */
export type ReadyCheck = { name: string; check(): Promise<string | undefined> };

type HealthDependencies = {
  ready: readonly ReadyCheck[];
  closing: AbortSignal;
  /** What somebody should see to although requests are answered. */
  warnings(): string[];
};

const up = Type.Object({ status: Type.Literal('up') });
const ready = Type.Object({
  status: Type.Literal('ready'),
  parts: Type.Record(Type.String(), Type.String()),
  warnings: Type.Optional(Type.Array(Type.String())),
});

/** A check that has not answered by then counts as not ready: probes have short time limits of their own. */
const checkDeadlineMs = 2000;

/** `/healthz`: the process lives (restart it if not). `/readyz`: every part can work (send it no requests if not). */
export function healthRoutes({ ready: checks, closing, warnings }: HealthDependencies): RoomRoutes {
  return async (app) => {
    const config = { role: 'open', isProbe: true } as const;
    app.get('/healthz', { config, schema: { tags: ['server'], summary: 'Is the process up?', response: { 200: up } } }, async () => ({
      status: 'up' as const,
    }));
    app.get('/readyz', { config, schema: { tags: ['server'], summary: 'Can it answer?', response: { 200: ready } } }, async () => {
      const parts = closing.aborted ? { server: 'stopping' } : await askAll(checks);
      const failing = Object.keys(parts).filter((name) => parts[name] !== 'ready');
      const told = warnings();
      if (failing.length === 0) return { status: 'ready' as const, parts, ...(told.length > 0 && { warnings: told }) };
      throw new Problem('unavailable', `Not ready: ${failing.join(', ')}.`, { facts: { parts } });
    });
  };
}

async function askAll(checks: readonly ReadyCheck[]): Promise<Record<string, string>> {
  const answers = await Promise.all(checks.map(async (check) => [check.name, await ask(check)] as const));
  return Object.fromEntries(answers);
}

async function ask({ check }: ReadyCheck): Promise<string> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<string>((resolve) => {
    timer = setTimeout(resolve, checkDeadlineMs, `no answer within ${checkDeadlineMs} ms`);
  });
  try {
    return (await Promise.race([check(), late])) ?? 'ready';
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  } finally {
    clearTimeout(timer);
  }
}
