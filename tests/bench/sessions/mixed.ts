import { utimesSync } from 'node:fs'
import { join } from 'node:path'
import { Invented } from './invented.ts'
import { LAYOUTS } from './layouts.ts'
import { makeOpenCodeDatabase } from './opencode.ts'

const DAYS_MS = 30 * 86_400_000
const DATABASE_BYTES = 20e6
const SESSION_TURNS = 2

/**
 * So many session files, as many of each assistant, in its own layout in a directory of its own, and a database of
 * OpenCode; as after a month of work: a few of today, the rest older. The variables that name the directories.
 */
export async function mixedSessions(folder: string, files: number): Promise<Record<string, string>> {
  const places = Object.values(LAYOUTS).map((layout) => ({
    layout,
    directory: join(folder, layout.adapter.assistant),
    files: 0,
  }))
  for (let seed = 0, written = 0; written < files; seed++) {
    // A session of one is a file, of another a folder for each message.
    const place = places.reduce((least, each) => (each.files < least.files ? each : least))
    for (const path of place.layout.write(place.directory, new Invented(seed), SESSION_TURNS)) {
      const writtenAt = new Date(Date.now() - (written++ / files) * DAYS_MS)
      utimesSync(path, writtenAt, writtenAt)
      place.files++
    }
  }
  const database = join(folder, 'opencode-database')
  await makeOpenCodeDatabase(join(database, 'opencode.db'), DATABASE_BYTES)
  const variables = places.map(({ layout, directory }) => [layout.adapter.variable, directory])
  const named = Object.fromEntries(variables) as Record<string, string>
  const { variable } = LAYOUTS.opencode.adapter
  return { ...named, [variable]: `${named[variable]},${database}` }
}
