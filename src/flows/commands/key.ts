import { protocolName } from './protocol-name.ts';

/** In the order of their bits and numbers, as the filter language has them; a test keeps them equal. To load that would cost a command its start. */
const flagLetters = 'FSRPAUECN';
const endReasons = ['idle', 'active', 'closed', 'forced', 'exhausted'];

const shown: Readonly<Record<string, (key: number) => string | undefined>> = {
  protocol: protocolName,
  tcp_flags: (flags) => [...flagLetters].filter((_, bit) => (flags & (1 << bit)) !== 0).join('') || 'none',
  end_reason: (reason) => endReasons[reason - 1],
};

/** The key of a group as people read it: protocols, flags and reasons in the words of the filter language, `-` where the flows have none. */
export function showKey(by: string, key: string | number | null): string {
  if (key === null) return '-';
  const name = /^\d+$/.test(String(key)) ? shown[by]?.(Number(key)) : undefined;
  return name ?? String(key);
}
