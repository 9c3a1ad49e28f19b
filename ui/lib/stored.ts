/** What stands in this browser's storage as JSON; null for nothing, and for what somebody else wrote or was cut off. */
export function parseStored(text: string | null): unknown {
  try {
    return JSON.parse(text ?? 'null')
  } catch {
    // Nothing of ours is in it to tell of.
    return null
  }
}
