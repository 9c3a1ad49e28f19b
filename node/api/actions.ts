import * as z from 'zod'
import type { Actions } from '../../core/api.ts'
import type { Backend } from './backend.ts'
import { check, parseTime } from './parameters.ts'

const UNIT_MS = { s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 }
const MAX_PAUSE_MS = 365 * UNIT_MS.d

const PROJECT = 'the name of a project, or name~tag where two have that name'
const projectArgs = z.strictObject({
  project: z.string(PROJECT).regex(/^[A-Za-z0-9._@+()[\]~-]{1,100}$/, PROJECT),
})
const noArgs = z.strictObject({})

/** ms of `30m`, `1h`, `2d`; null where it is no such thing, or longer than a year. */
function parseDuration(text: string): number | null {
  const match = /^(\d{1,8})([smhd])$/.exec(text)
  if (!match) return null
  const ms = Number(match[1]) * UNIT_MS[match[2] as keyof typeof UNIT_MS]
  return ms > 0 && ms <= MAX_PAUSE_MS ? ms : null
}

const UNTIL = 'a time to come within a year, such as 2026-11-21T08:00:00Z, or null for until "resume"'
const DURATION = 'a number and s, m, h or d, such as 30m, at most a year'

/** What `pause` takes: a time, a duration, or neither for until `resume`. Gives the time. */
function pauseArgs(now: number) {
  return z
    .strictObject({
      until: z
        .string(UNTIL)
        .transform((text) => parseTime(text))
        .refine((ms) => ms !== null && ms > now && ms <= now + MAX_PAUSE_MS, UNTIL)
        .nullable()
        .optional(),
      duration: z
        .string(DURATION)
        .transform((text) => parseDuration(text))
        .refine((ms) => ms !== null, DURATION)
        .optional(),
    })
    .refine(({ until, duration }) => until === undefined || duration === undefined, {
      path: ['duration'],
      error: 'either "until" or "duration", not both',
    })
    .transform(({ until, duration }): Actions['pause'] => {
      const at = duration ? now + duration : until
      return { until: at ? new Date(at).toISOString() : null }
    })
}

/** Does one write of `POST /api/actions/<name>`. `open` is the API's own and not among them. */
export async function runAction(
  backend: Pick<Backend, 'act'>,
  name: string,
  body: Readonly<Record<string, unknown>>,
  now: number,
): Promise<object | null> {
  switch (name) {
    case 'share':
    case 'private':
    case 'exclude':
      return backend.act(name, check(projectArgs, body))
    case 'pause':
      return backend.act(name, check(pauseArgs(now), body))
    case 'resume':
      return backend.act(name, check(noArgs, body))
    default:
      return null
  }
}
