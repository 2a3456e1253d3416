/** What the rest of the house does for frames: handed in by the server, or asked of one over HTTP. */
export type House = {
  /** Adds records to a collection, all or none. */
  addRecords(collection: string, values: readonly Record<string, unknown>[]): Promise<void>;
  openTicket(ticket: { description: string; peer: string; listener: string }): Promise<void>;
  /** Imports the text of a flow file. Resolves when it is stored, to the lines that were left out. */
  importFlows(name: string, text: Uint8Array): Promise<{ refused: number }>;
};
