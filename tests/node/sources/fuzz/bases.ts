import { join } from 'node:path'
import type { Event } from '../../../../core/events.ts'
import type { Adapter } from '../../../../node/sources/port.ts'
import type { Sample } from '../acceptance/reading.ts'
import { draftsOfDocument, draftsOfLines, kept, linesOf } from '../acceptance/reading.ts'
import type { FileCarrier } from './carriers.ts'

/** One session file as units that can be left out, doubled and put in any order: lines, or what its longest list holds. */
export interface Base {
  form: 'lines' | 'document'
  path: string
  units: readonly unknown[]
  /** Its records with these units; a document is one record. */
  recordsOf: (units: readonly unknown[]) => unknown[]
  bytesOf: (records: readonly unknown[]) => Buffer
}

/** The files of a carrier, which lie in `directory`. */
export function basesOf({ form, paths, records, filesOf }: FileCarrier, directory: string): Base[] {
  const isOfLines = form === 'lines' || paths[0]!.endsWith('.zst')
  if (isOfLines) {
    const path = join(directory, paths[0]!)
    return [
      { form, path, units: records, recordsOf: (units) => [...units], bytesOf: (all) => filesOf(all)[0]! },
    ]
  }
  return paths.map((path, i): Base => {
    const document = records[i] as Record<string, unknown>
    const lists = Object.entries(document).filter((entry): entry is [string, unknown[]] =>
      Array.isArray(entry[1]),
    )
    const [name, list] = lists.sort(([, a], [, b]) => b.length - a.length)[0] ?? [null, [document]]
    return {
      form,
      path: join(directory, path),
      units: list,
      recordsOf: (units) => [name === null ? units[0] : { ...document, [name]: units }],
      bytesOf: ([record]) => (Buffer.isBuffer(record) ? record : Buffer.from(JSON.stringify(record))),
    }
  })
}

/** What a file gives: each id once. */
export function eventsOf(adapter: Adapter, form: Base['form'], { path, bytes }: Sample): Map<string, Event> {
  if (form === 'document') return kept(draftsOfDocument(adapter, { path, bytes }))
  return kept(draftsOfLines(adapter, path, linesOf(bytes)))
}
