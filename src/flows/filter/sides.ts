import type { ColumnName } from '../schema.ts';

type SideColumns = {
  readonly hi: ColumnName;
  readonly lo: ColumnName;
  readonly name: { readonly sql: ColumnName; readonly type: 'VARCHAR' };
  readonly portText: { readonly sql: ColumnName; readonly type: 'VARCHAR' };
};

/** A column of texts as an operand. */
export const text = (sql: ColumnName) => ({ sql, type: 'VARCHAR' }) as const;
/** The columns of each end of a flow: both halves of its address, its name, and its port where that is a text. */
export const sides: Readonly<Record<'src' | 'dst', SideColumns>> = {
  src: { hi: 'src_addr_hi', lo: 'src_addr_lo', name: text('src_comp'), portText: text('src_port') },
  dst: { hi: 'dst_addr_hi', lo: 'dst_addr_lo', name: text('dst_comp'), portText: text('dst_port') },
};
