/** Packets as JSON: numbers as numbers, times as RFC 3339, one member for each layer, lists where something is there twice. */
import type { Details } from './details.ts';
import { type Field, packetFields, timeOf } from './fields.ts';

/** Fields of the layers in their order, with the name that each has within its layer, ready to be written. */
const layers: { layer: string; fields: { key: string; read: Field['read']; isPlain: boolean }[] }[] = [];
for (const { name, read, isAlias, kind } of packetFields.values()) {
  const dot = name.indexOf('.');
  const layer = name.slice(0, dot);
  if (layer === 'frame' || isAlias) continue;
  if (layers.at(-1)?.layer !== layer) layers.push({ layer, fields: [] });
  layers.at(-1)?.fields.push({ key: `${JSON.stringify(name.slice(dot + 1))}:`, read, isPlain: kind === 'number' || kind === 'flag' });
}

/** The JSON text of a packet; `hasOctets` adds the captured octets in base64. */
export function packetJson(packet: Details, hasOctets: boolean): string {
  const { number, view, offset } = packet;
  const { seconds, nanos, original, captured, interfaceIndex } = packet.packet;
  let text = `{"number":${number},"time":"${timeOf(seconds, nanos)}","length":${original},"captured":${captured},"interface":${interfaceIndex},"layers":{`;
  let isFirstLayer = true;
  for (const { layer, fields } of layers) {
    let inner = '';
    for (const { key, read, isPlain } of fields) {
      const value = read(packet);
      if (value === undefined) continue;
      if (inner !== '') inner += ',';
      inner += key;
      inner += isPlain && typeof value !== 'object' ? String(value) : JSON.stringify(value);
    }
    if (inner === '') continue;
    text += `${isFirstLayer ? '' : ','}"${layer}":{${inner}}`;
    isFirstLayer = false;
  }
  text += '}';
  if (hasOctets) text += `,"octets":"${Buffer.from(view.buffer, view.byteOffset + offset, captured).toString('base64')}"`;
  return `${text}}`;
}
