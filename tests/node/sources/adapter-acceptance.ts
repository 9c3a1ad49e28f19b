import { readFileSync } from 'node:fs'
import type { Adapter } from '../../../node/sources/port.ts'
import type { History } from './acceptance/documents.ts'
import { acceptDocuments, growthOf } from './acceptance/documents.ts'
import { acceptLines } from './acceptance/lines.ts'
import type { Sample } from './acceptance/reading.ts'

export { TEST_SOURCE, testRule } from './acceptance/reading.ts'

/** What an adapter brings to be accepted. */
export interface Candidate {
  adapter: Adapter
  /** Sample files with one record a line. Whatever must not be seen in them contains `SECRET`. */
  files?: readonly string[]
  /**
   * Sample documents, likewise. One that is JSON is taken to have grown at the end of its longest list; of any other, or
   * where that is not how it grows, the history is given: each time it was written, the last as it is now.
   */
  documents?: readonly (string | History)[]
  /** Files of other assistants, which it must leave to them. */
  foreign: readonly Buffer[]
}

/** All of what comes one by one. */
export async function collected<T>(items: AsyncIterable<T>): Promise<T[]> {
  const all: T[] = []
  for await (const item of items) all.push(item)
  return all
}

/** The one suite that the adapter of every assistant passes. */
export function acceptAdapter({ adapter, files = [], documents = [], foreign }: Candidate): void {
  const sampleAt = (path: string): Sample => ({ path, bytes: readFileSync(path) })
  const histories = documents.map((each) => (typeof each === 'string' ? growthOf(sampleAt(each)) : each))
  if (files.length > 0) acceptLines(adapter, files.map(sampleAt), foreign)
  if (histories.length > 0) acceptDocuments(adapter, histories, foreign)
}
