/** Two lists of 64 words: calm, short, hard to confuse when read aloud. Handles are not stored: a list may change. */
const FIRST =
  'amber apricot ash autumn azure birch blue bright bronze calm cedar cherry clear clover cocoa copper coral cosy crisp dawn deep dewy early ember fern fresh gentle ginger golden green hazel honey indigo iris ivory jade jolly lemon lilac linen lively lunar maple mellow mint misty noble oak olive opal peach pearl plum quiet rosy ruby sage silver slow snowy spring sunny velvet warm'.split(
    ' ',
  )
const SECOND =
  'bagel basil basket bell berry biscuit bloom boat bowl breeze brook button candle cinnamon cloud comet cookie cricket crumb cup drift feather finch flask fox garden harbour heron hill island kettle lantern leaf ladle meadow mill moon muffin nest otter oven pebble pepper pier pine pot puffin quill rain reef river robin saucer scone sparrow spoon steam strainer tile toast trail whisk willow window'.split(
    ' ',
  )

/** A two-word name for a session, the same everywhere: `amber-kettle`. Not unique, but told apart at a glance. */
export function handleOf(sessionId: string): string {
  let hash = 0x811c9dc5 // FNV-1a, 32 bits
  for (let i = 0; i < sessionId.length; i++) {
    hash = Math.imul(hash ^ sessionId.charCodeAt(i), 0x01000193)
  }
  const mixed = (hash ^ (hash >>> 15)) >>> 0
  return `${FIRST[mixed & 63]}-${SECOND[(mixed >>> 6) & 63]}`
}
