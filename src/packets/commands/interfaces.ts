import type { Command } from 'commander';
import { withExamples } from '../../cli/command.ts';
import { formatBytes } from '../../cli/format.ts';
import { openOutput } from '../../cli/output.ts';

type InterfacesOptions = { docker?: boolean };

/** Adds `weir packets interfaces`. */
export function addInterfaces(packets: Command): void {
  const command = packets
    .command('interfaces')
    .description('list network interfaces: kind, state, addresses; Docker bridges are marked')
    .option('--docker', 'Docker bridges alone')
    .action(async ({ docker }: InterfacesOptions, command: Command) => {
      const { listInterfaces } = await import('../interfaces/list.ts');
      const all = await listInterfaces();
      const shown = docker ? all.filter(({ kind }) => kind === 'docker-bridge') : all;
      openOutput(command).rows(
        shown,
        [
          { title: 'NAME', show: ({ name }) => name },
          { title: 'KIND', show: ({ kind, docker }) => (docker === null ? kind : `${kind} (${docker})`) },
          { title: 'STATE', show: ({ state }) => state },
          { title: 'ADDRESSES', show: ({ addresses }) => addresses.join(' ') },
          { title: 'MAC', show: ({ mac }) => mac ?? '' },
          { title: 'MTU', align: 'right', show: ({ mtu }) => String(mtu ?? '') },
          { title: 'RECEIVED', align: 'right', show: ({ receivedBytes }) => (receivedBytes === null ? '' : formatBytes(receivedBytes)) },
          { title: 'SENT', align: 'right', show: ({ sentBytes }) => (sentBytes === null ? '' : formatBytes(sentBytes)) },
          { title: 'BRIDGE', show: ({ bridge, ports }) => bridge ?? (ports.length > 0 ? `of ${ports.join(' ')}` : '') },
          { title: 'CAPTURE', show: ({ isCapturable, reason }) => (isCapturable ? 'yes' : (reason ?? 'no')) },
        ],
        ['name', 'index', 'kind', 'state', 'addresses', 'mac', 'mtu', 'bridge', 'ports', 'docker', 'linkType', 'isCapturable'],
      );
    });
  withExamples(command, 'weir packets interfaces', 'weir packets interfaces --json', 'weir packets interfaces --docker');
}
