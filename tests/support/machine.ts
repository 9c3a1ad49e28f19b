import { join } from 'node:path'
import { temporaryDirectory } from './directory.ts'

/** A machine where nothing of VibeTea or an assistant has ever been: its directory, and the environment of commands. */
export function emptyMachine() {
  const directory = temporaryDirectory()
  const variables = {
    VIBETEA_HOME: join(directory, 'home'),
    VIBETEA_CLAUDE_DIR: join(directory, 'claude'),
    VIBETEA_SOURCE_ID: 'laptop',
    HOME: directory,
    USERPROFILE: directory,
  }
  return { directory, variables }
}
