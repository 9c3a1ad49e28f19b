/** A row's cursor: `<orderId>.<row in base 36>`. The rows of another `state.db` have another order id. */
export function cursorOf(orderId: string, row: number): string {
  return `${orderId}.${row.toString(36)}`
}

/** The row that a cursor names; null where it is not a cursor of this order. -1 stands before the first row. */
export function rowOf(orderId: string, cursor: string): number | null {
  const dot = cursor.lastIndexOf('.')
  const digits = cursor.slice(dot + 1)
  if (dot < 0 || cursor.slice(0, dot) !== orderId) return null
  if (digits === '-1') return -1
  if (!/^[0-9a-z]{1,10}$/.test(digits)) return null
  return Number.parseInt(digits, 36)
}

/** A block has at most 500 events (core/blocks.ts); a power of two keeps rows of one block together. */
export const ROWS_PER_BLOCK = 512
