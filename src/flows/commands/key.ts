import { protocolName } from './protocol-name.ts';

/** The key of a group as people read it: protocols by name, `-` where the flows have none. */
export function showKey(by: string, key: string | number | null): string {
  if (key === null) return '-';
  const isProtocol = by === 'protocol' && /^\d+$/.test(String(key));
  return isProtocol ? protocolName(Number(key)) : String(key);
}
