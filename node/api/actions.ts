import * as z from 'zod'
import { HOOK_EVENTS, type Actions } from '../../core/api.ts'
import { DURATION_FORM, parseDuration } from '../../core/duration.ts'
import { joinRole } from '../../core/join-key.ts'
import { parseTeamKey, ROLES } from '../../core/team-key.ts'
import type { Backend } from './backend.ts'
import { check, parseTime, displayName, project } from './parameters.ts'

const MAX_PAUSE_MS = 365 * 86_400_000
const MAX_BACKFILL_MS = 365 * 86_400_000
const MAX_SHARED = 500

const projectArgs = z.strictObject({ project })
const noArgs = z.strictObject({})

const SHARE = `"all", "none", or a list of 1 to ${MAX_SHARED} names of projects`
const BACKFILL = `milliseconds, a whole number from 0 to ${MAX_BACKFILL_MS}`
const consent = {
  name: displayName,
  share: z.union([z.enum(['all', 'none']), z.array(project).min(1).max(MAX_SHARED)], SHARE),
  backfillMs: z.int(BACKFILL).min(0, BACKFILL).max(MAX_BACKFILL_MS, BACKFILL),
}
const createArgs = z.strictObject({ ...consent, teamName: displayName.nullable() })
const joinArgs = z.strictObject({ ...consent, key: z.string('a team key, one word that begins with vt1') })
const inviteArgs = z.strictObject({ role: z.enum(ROLES, ROLES.join(', ')) })

const MAX_SESSION_ID = 200
const MAX_CWD = 4096
const SESSION_ID = `the assistant's id of a session, at most ${MAX_SESSION_ID} characters`
const CWD = `a path, at most ${MAX_CWD} characters`
const hookArgs = z
  .strictObject({
    event: z.enum(HOOK_EVENTS, HOOK_EVENTS.join(', ')),
    sessionId: z.string(SESSION_ID).min(1, SESSION_ID).max(MAX_SESSION_ID, SESSION_ID),
    cwd: z.string(CWD).min(1, CWD).max(MAX_CWD, CWD).optional(),
  })
  .transform(({ cwd, ...said }): Actions['hook'] => ({ ...said, ...(cwd !== undefined && { cwd }) }))

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
    case 'leave':
      return backend.act(name, check(noArgs, body))
    case 'create':
      return backend.act(name, check(createArgs, body))
    case 'join': {
      const args = check(joinArgs, body)
      joinRole(parseTeamKey(args.key)) // so that each wrong key has its own sentence before anything is begun
      return backend.act(name, args)
    }
    case 'invite':
      return backend.act(name, check(inviteArgs, body))
    case 'hook':
      return backend.act(name, check(hookArgs, body))
    default:
      return null
  }
}
