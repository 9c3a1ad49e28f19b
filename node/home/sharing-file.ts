import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { z } from 'zod'
import { VibeTeaError } from '../../core/errors.ts'
import { isProjectKey } from '../../core/project-key.ts'
import type { Sharing } from '../../core/rule.ts'
import { errorCode, fileError, writeWhole } from './files.ts'
import type { Ignorings } from './ignorings.ts'
import type { Interval } from './intervals.ts'
import { withInterval } from './intervals.ts'

/**
 * `sharing.json` in the home (0600): what its owner decided about projects and pauses, and what ignore files kept out.
 * People read and edit it.
 */

const VERSION = 1

/** Of a project, by its name, or by `name~tag`. Times in ms since 1970. */
export interface Decision {
  sharing: Sharing
  since: number
}

export interface SharingState {
  decisions: ReadonlyMap<string, Decision>
  /** Of projects about which nothing was decided; null: they are private. */
  newProjects: Decision | null
  /** Past times in which a project was excluded, by `name` or `name~tag`. */
  exclusions: ReadonlyMap<string, readonly Interval[]>
  pauses: readonly Interval[]
  /** By the directory in which the ignore file lies, or lay. */
  ignored: Ignorings
  /** The main work trees that linked ones belong to, or belonged: an ignore file of the former counts for the latter. */
  workTrees: ReadonlyMap<string, readonly string[]>
}

const NOTHING: SharingState = {
  decisions: new Map(),
  newProjects: null,
  exclusions: new Map(),
  pauses: [],
  ignored: new Map(),
  workTrees: new Map(),
}

const Project = z.string().refine(isProjectKey, 'is not a project')
const Time = z.iso.datetime().transform((text) => Date.parse(text))
const Shape = z.strictObject({
  version: z.literal(VERSION),
  projects: z.record(
    Project,
    z.strictObject({ sharing: z.enum(['shared', 'private', 'excluded']), since: Time }),
  ),
  newProjects: z
    .strictObject({ sharing: z.literal('shared'), since: Time })
    .nullable()
    .default(null),
  exclusions: z.record(Project, z.array(z.strictObject({ from: Time, to: Time }))),
  pauses: z.array(z.strictObject({ from: Time, to: Time.nullable() })),
  ignored: z
    .record(
      z.string(),
      z.array(z.strictObject({ from: Time, to: Time.nullable(), patterns: z.array(z.string()) })),
    )
    .default({}),
  workTrees: z.record(z.string(), z.array(z.string())).default({}),
})

/** Nothing decided where there is no file. One that cannot be understood throws: to guess could record too much. */
export async function readSharing(home: string): Promise<SharingState> {
  const path = sharingPath(home)
  let parsed
  try {
    parsed = Shape.parse(JSON.parse(await readFile(path, 'utf8')))
  } catch (error) {
    if (errorCode(error) === 'ENOENT') return NOTHING
    if (error instanceof SyntaxError) throw unreadable(path, 'it is not valid JSON', error)
    if (error instanceof z.ZodError) throw unreadable(path, describe(error), error)
    throw fileError(error, path, 'read')
  }
  return {
    decisions: new Map(Object.entries(parsed.projects)),
    newProjects: parsed.newProjects,
    exclusions: new Map(
      Object.entries(parsed.exclusions).map(([project, intervals]) => [project, inOrder(intervals)]),
    ),
    pauses: inOrder(parsed.pauses.map(({ from, to }) => ({ from, to: to ?? Infinity }))),
    ignored: new Map(
      Object.entries(parsed.ignored).map(([directory, times]) => [
        directory,
        times.map(({ from, to, patterns }) => ({ from, to: to ?? Infinity, patterns: patterns.join('\n') })),
      ]),
    ),
    workTrees: new Map(Object.entries(parsed.workTrees)),
  }
}

export async function writeSharing(home: string, state: SharingState): Promise<void> {
  const text = (at: number): string => new Date(at).toISOString()
  const interval = ({ from, to }: Interval) => ({ from: text(from), to: to === Infinity ? null : text(to) })
  const json = {
    version: VERSION,
    projects: Object.fromEntries(
      [...state.decisions].map(([project, { sharing, since }]) => [project, { sharing, since: text(since) }]),
    ),
    newProjects: state.newProjects && {
      sharing: state.newProjects.sharing,
      since: text(state.newProjects.since),
    },
    exclusions: Object.fromEntries(
      [...state.exclusions].map(([project, intervals]) => [
        project,
        intervals.map(({ from, to }) => ({ from: text(from), to: text(to) })),
      ]),
    ),
    pauses: state.pauses.map(interval),
    ...(state.ignored.size > 0 && {
      ignored: Object.fromEntries(
        [...state.ignored].map(([directory, times]) => [
          directory,
          times.map((time) => ({ ...interval(time), patterns: time.patterns.split('\n').filter(Boolean) })),
        ]),
      ),
      workTrees: Object.fromEntries(state.workTrees),
    }),
  }
  await writeWhole(sharingPath(home), JSON.stringify(json, null, 2) + '\n')
}

const sharingPath = (home: string): string => join(home, 'sharing.json')

const inOrder = (intervals: readonly Interval[]): readonly Interval[] =>
  intervals.reduce<readonly Interval[]>(withInterval, [])

function describe(error: z.ZodError): string {
  const { path, message } = error.issues[0]!
  return path.length > 0 ? `${path.join('.')}: ${message}` : message
}

function unreadable(path: string, why: string, cause: unknown): VibeTeaError {
  return new VibeTeaError(
    'invalid_sharing',
    `${path}, which says what you share, exclude and paused, cannot be understood (${why}), so nothing is recorded.`,
    'Correct it, or move it away: every project is private then, and what you excluded has to be excluded again.',
    { cause },
  )
}
