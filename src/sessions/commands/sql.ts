/** `weir sql "select …"`: one query over the flows of a server. */
import type { Command } from 'commander';
import { withExamples } from '../../cli/command.ts';
import { openOutput } from '../../cli/output.ts';
import { make, useSession } from './acquire.ts';
import { follow } from './follow.ts';
import { withSessions } from './port.ts';
import { Result } from './result.ts';

/** Adds `weir sql`. */
export function addSql(program: Command): void {
  const command = program
    .command('sql')
    .description('ask the flows of a server in SQL; the view is called flows')
    .argument('<query...>', 'the query; several words are one')
    .option('--session <id>', 'in this session (its id, or its name), and not in one of its own')
    .action(ask);
  withExamples(
    command,
    'weir sql "select count(*) from flows"',
    'weir sql --csv "select dst_port, sum(byte_count) octets from flows group by all order by 2 desc limit 10"',
  );
}

async function ask(words: string[], { session: word }: { session?: string }, command: Command): Promise<void> {
  const output = openOutput(command);
  process.exitCode = await withSessions(command, async (sessions) => {
    const { session, isOurs } = word === undefined ? await make(sessions, { kind: 'sql', conf: {} }) : await useSession(sessions, word);
    try {
      const { id } = await sessions.post(session.id, words.join(' '), 'sql');
      const result = new Result(output);
      return result.end(await follow(sessions, session.id, id, result));
    } finally {
      if (isOurs) await sessions.remove(session.id).catch(() => {});
    }
  });
}
