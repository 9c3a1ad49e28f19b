/** Whether this browser's keyboard has a command key. */
const isMac = /Mac|iP/.test(navigator.platform)

/** The key that the palette is opened with, beside K. */
export const COMMAND_KEY = isMac ? '⌘' : 'Ctrl'
/** The same as one word. */
export const PALETTE_KEYS = isMac ? '⌘K' : 'Ctrl K'
