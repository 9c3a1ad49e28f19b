const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-([0-9a-f])[0-9a-f]{3}-[0-9a-f]{4}-[0-9a-f]{12}$/i

/** Of any version. */
export function isUuid(id: string): boolean {
  return UUID.test(id)
}

/** When a UUID of version 7 was made, in ms since 1970 (RFC 9562); null for any other id. */
export function madeAt(id: string): number | null {
  return UUID.exec(id)?.[1] === '7' ? Number.parseInt(id.slice(0, 8) + id.slice(9, 13), 16) : null
}
