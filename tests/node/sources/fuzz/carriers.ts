import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { mkdir, writeFile } from 'node:fs/promises'
import { dirname, join, relative } from 'node:path'
import { fileURLToPath } from 'node:url'
import { ADAPTERS } from '../../../../node/sources/adapters.ts'
import type { Adapter, Form } from '../../../../node/sources/port.ts'
import { linesOf } from '../acceptance/reading.ts'
import { databaseCarrier } from './database-carrier.ts'
import { zstdOf } from './zstd.ts'

const FIXTURES = fileURLToPath(new URL('../fixtures', import.meta.url))

/** Assistants that keep a session in many documents. */
const IN_MANY_DOCUMENTS = new Set(['opencode'])

/** An invented session, taken apart, to carry what a fuzzer puts into it. */
export interface Carrier {
  adapter: Adapter
  form: Form
  /** `codex .jsonl.zst`: what is fuzzed as one format. */
  format: string
  /** Its files: where they lie below the assistant's directory, with `/`. */
  paths: readonly string[]
  /** Its records; what is no record stands as its bytes. */
  records: readonly unknown[]
  /** Writes its files with these records instead, also under other names; answers with their paths. */
  write: (directory: string, records: readonly unknown[], paths?: readonly string[]) => Promise<string[]>
}

/** One that is kept in plain files. */
export interface FileCarrier extends Carrier {
  form: 'lines' | 'document'
  filesOf: (records: readonly unknown[]) => Buffer[]
}

/** The session files of an assistant's fixtures, as it finds them by their places. */
export function fileCarriersOf(adapter: Adapter): FileCarrier[] {
  const directory = join(FIXTURES, adapter.assistant)
  const found = adapter.watched(directory).filter(existsSync).flatMap((watched) =>
    readdirSync(watched, { recursive: true, encoding: 'utf8' }).sort().flatMap((entry) => {
      const form = adapter.formOf(entry.replaceAll('\\', '/'))
      const path = relative(directory, join(watched, entry)).replaceAll('\\', '/')
      return form === 'lines' || form === 'document' ? { form, path, bytes: readFileSync(join(watched, entry)) } : []
    }),
  ) // prettier-ignore
  const carriers = found.map(({ form, path, bytes }) => fileCarrier(adapter, form, path, bytes))
  return IN_MANY_DOCUMENTS.has(adapter.assistant) ? [together(carriers)] : carriers
}

/** The carriers of every assistant in plain files. */
export function allFileCarriers(): FileCarrier[] {
  return ADAPTERS.flatMap(fileCarriersOf)
}

/** The carriers of every assistant. */
export async function allCarriers(): Promise<Carrier[]> {
  return [...allFileCarriers(), await databaseCarrier()]
}

function fileCarrier(adapter: Adapter, form: 'lines' | 'document', path: string, bytes: Buffer): FileCarrier {
  const format = `${adapter.assistant} ${/(?:\.settings)?\.[a-z]+(?:\.zst)?$/.exec(path)?.[0] ?? path}`
  const common = { adapter, form, format, paths: [path] }
  if (path.endsWith('.json')) {
    const filesOf = ([record]: readonly unknown[]) => [Buffer.from(JSON.stringify(record, null, 2))]
    return { ...common, records: [recordOf(bytes)], filesOf, write: writing(filesOf, [path]) }
  }
  const isCompressed = path.endsWith('.zst')
  const lines = isCompressed ? [...adapter.pieces!(bytes)] : linesOf(bytes).map((line) => line.bytes)
  const filesOf = (records: readonly unknown[]) => {
    const text = Buffer.concat(records.flatMap((each) => [bytesOf(each), Buffer.from('\n')]))
    return [isCompressed ? zstdOf(text) : text]
  }
  return { ...common, records: lines.map(recordOf), filesOf, write: writing(filesOf, [path]) }
}

/** Documents of one record each, as one carrier. */
function together(carriers: readonly FileCarrier[]): FileCarrier {
  const paths = carriers.flatMap((each) => each.paths)
  const filesOf = (records: readonly unknown[]) => carriers.flatMap(({ filesOf }, i) => filesOf([records[i]]))
  const records = carriers.flatMap((each) => each.records)
  return { ...carriers[0]!, paths, records, filesOf, write: writing(filesOf, paths) }
}

function writing(filesOf: FileCarrier['filesOf'], own: readonly string[]): Carrier['write'] {
  return async (directory, records, paths = own) => {
    const files = filesOf(records)
    return Promise.all(
      paths.map(async (path, i) => {
        const file = join(directory, path)
        await mkdir(dirname(file), { recursive: true })
        await writeFile(file, files[i]!)
        return file
      }),
    )
  }
}

function recordOf(line: Buffer): unknown {
  try {
    return JSON.parse(line.toString()) as unknown
  } catch {
    // Samples have broken lines on purpose.
    return line
  }
}

function bytesOf(record: unknown): Buffer {
  return Buffer.isBuffer(record) ? record : Buffer.from(JSON.stringify(record))
}
