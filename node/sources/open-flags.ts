import { constants } from 'node:fs'

/** Opens for reading; a FIFO under a file's name must not hold the node up. Windows has neither such a flag nor them. */
export const OPEN_FLAGS = constants.O_RDONLY | ((constants as Partial<typeof constants>).O_NONBLOCK ?? 0)
