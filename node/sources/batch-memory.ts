import { setFlagsFromString } from 'node:v8'

/**
 * Keeps V8 from growing the space for new objects of this process from 1 to 16 MB, of which it holds two or three:
 * nearly all that batch reading allocates dies at once. One file of 1 GB takes 108 to 125 MB instead of 143 to 170, and no more time.
 * For a process that does nothing else. The flag is V8's own (src/flags/flag-definitions.h), not an API of Node.
 */
export function keepNewSpaceSmall(): void {
  setFlagsFromString('--semi-space-growth-factor=1')
}
