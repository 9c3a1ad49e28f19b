import * as z from 'zod'
import type { Actions } from '../../core/api.ts'
import { DURATION_FORM, parseDuration } from '../../core/duration.ts'
import type { Backend } from './backend.ts'
import { check, parseTime, project } from './parameters.ts'

const MAX_PAUSE_MS = 365 * 86_400_000

const projectArgs = z.strictObject({ project })
const noArgs = z.strictObject({})

const UNTIL = 'a time to come within a year, such as 2026-11-21T08:00:00Z, or null for until "resume"'

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
        .string(DURATION_FORM)
        .transform((text) => parseDuration(text))
        .refine((ms) => ms !== null, DURATION_FORM)
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
