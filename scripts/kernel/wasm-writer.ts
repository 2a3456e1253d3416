/** The octets of a WebAssembly module (WebAssembly core specification 2.0, section 5). */

/** Types of values, as the format writes them. */
export const valueTypes = { i32: 0x7f, i64: 0x7e, f64: 0x7c } as const;
export type ValueType = keyof typeof valueTypes;

/** Unsigned and signed LEB128. */
export const unsigned = (value: number): number[] => {
  const octets: number[] = [];
  for (let rest = value >>> 0; ; rest >>>= 7) {
    if (rest < 128) return [...octets, rest];
    octets.push((rest & 127) | 128);
  }
};

export const signed = (value: number): number[] => {
  const octets: number[] = [];
  for (let rest = value | 0; ; rest >>= 7) {
    if (rest >= -64 && rest < 64) return [...octets, rest & 127];
    octets.push((rest & 127) | 128);
  }
};

export const signed64 = (value: bigint): number[] => {
  const octets: number[] = [];
  for (let rest = value; ; rest >>= 7n) {
    if (rest >= -64n && rest < 64n) return [...octets, Number(rest & 127n)];
    octets.push(Number(rest & 127n) | 128);
  }
};

export const text = (value: string): number[] => {
  const octets = new TextEncoder().encode(value);
  return [...unsigned(octets.length), ...octets];
};

export const list = (items: readonly (readonly number[])[]): number[] => [...unsigned(items.length), ...items.flat()];

/** One function: locals are its parameters, then the rest; `code` is without the final `end`. */
export type WasmFunction = { name: string; parameters: ValueType[]; result: ValueType | undefined; locals: ValueType[]; code: number[] };

const section = (id: number, octets: readonly number[]): number[] => [id, ...unsigned(octets.length), ...octets];

/** The memory of a module: whether threads share it, and a bound of its pages. */
export type WasmMemory = { isShared: boolean; mostPages: number };

/** A module of functions over one memory, which it imports as `env.memory`. */
export const writeModule = (functions: readonly WasmFunction[], { isShared, mostPages }: WasmMemory): Uint8Array<ArrayBuffer> => {
  const typeOf = ({ parameters, result }: WasmFunction): number[] => [
    0x60,
    ...list(parameters.map((type) => [valueTypes[type]])),
    ...list(result === undefined ? [] : [[valueTypes[result]]]),
  ];
  const body = ({ locals, code }: WasmFunction): number[] => {
    const octets = [...list(locals.map((type) => [1, valueTypes[type]])), ...code, 0x0b];
    return [...unsigned(octets.length), ...octets];
  };
  const limits = isShared ? 3 : 1;
  const exported = functions.map(({ name }, index) => [...text(name), 0, ...unsigned(index)]);
  return Uint8Array.from([
    ...[0x00, 0x61, 0x73, 0x6d, 1, 0, 0, 0],
    ...section(1, list(functions.map(typeOf))),
    ...section(2, list([[...text('env'), ...text('memory'), 2, limits, ...unsigned(1), ...unsigned(mostPages)]])),
    ...section(3, list(functions.map((_, index) => unsigned(index)))),
    ...section(7, list(exported)),
    ...section(10, list(functions.map(body))),
  ]);
};
