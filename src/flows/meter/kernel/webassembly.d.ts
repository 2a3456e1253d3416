/** What of WebAssembly the kernel uses: Node has it, its types leave it to the library for browsers. */
declare namespace WebAssembly {
  class Module {
    constructor(bytes: Uint8Array);
  }
  class Memory<Shared extends boolean = true> {
    /** Pages of 65,536 octets, all zero. */
    constructor(pages: { initial: number; maximum: number; shared: Shared });
    readonly buffer: Shared extends true ? SharedArrayBuffer : ArrayBuffer;
  }
  class Instance {
    constructor(module: Module, imports: { env: { memory: Memory<boolean> } });
    readonly exports: Record<string, unknown>;
  }
}
