import { rm } from 'node:fs/promises'
import { dirname } from 'node:path'
import type { Actions, Invitation, TeamJoined, TeamMade } from '../core/api.ts'
import { VibeTeaError } from '../core/errors.ts'
import { teamTagsOf, type TagKeys } from './device.ts'
import { foundTeam, INCARNATION_BYTES, invitation, joinTeam, noTeam } from './entering.ts'
import { readTeam, removeTeam, teamDirectory, writeTeam } from './home/team-file.ts'
import { renewedFeedState } from './log/team-feed.ts'
import type { History, Team, TeamOptions } from './team.ts'

export interface MembershipOptions extends Omit<TeamOptions, 'file' | 'isNew' | 'onLost'> {
  tagKeys: TagKeys
  /** null where session files are not read: what is to be shared of them waits for a start in which they are. */
  history: History | null
}

/** Whether this node is in a team, and which. One change at a time. */
export class Membership {
  readonly #options: MembershipOptions
  readonly #listeners = new Set<() => void>()
  #team: Team | null = null
  #stopListening: () => void = () => undefined
  #isStarted = false
  #teamName: string | null = null
  #turn: Promise<unknown> = Promise.resolve()

  private constructor(options: MembershipOptions) {
    this.#options = options
  }

  /** Opens the team that the home is in, if any; nothing is sent before `start`. Throws a `VibeTeaError`. */
  static async open(options: MembershipOptions): Promise<Membership> {
    const membership = new Membership(options)
    await membership.#open()
    return membership
  }

  get team(): Team | null {
    return this.#team
  }

  /** Goes to look for teammates, now and in every team that is entered. */
  async start(): Promise<void> {
    await this.#exclusively(async () => {
      this.#isStarted = true
      if (this.#team) await this.#startTeam(this.#team)
    })
  }

  create(args: Actions['create']): Promise<TeamMade> {
    return this.#exclusively(async () => {
      const made = await foundTeam(this.#entering(), args)
      await this.#open(true)
      return made
    })
  }

  join(args: Actions['join']): Promise<TeamJoined> {
    return this.#exclusively(async () => {
      const joined = await joinTeam(this.#entering(), args)
      await this.#open(true)
      return joined
    })
  }

  invite({ role }: Actions['invite']): Invitation {
    return invitation(this.#require().file, role)
  }

  /**
   * Says goodbye, and forgets the team's keys and the others' logs; one's own history stays. Throws a `VibeTeaError`
   * `no_team`.
   */
  leave(): Promise<void> {
    return this.#exclusively(async () => {
      const team = this.#require()
      const { settings, state, index, tagKeys } = this.#options
      const { home } = settings
      await team.sayGoodbye()
      // Without its key the team is left, whatever happens to the rest.
      await removeTeam(home)
      const cores = team.cores()
      await this.#close()
      for (const core of cores) await index.forget(core)
      await state.arrivals.forgetLogs(cores)
      await rm(dirname(teamDirectory(home, team.file.teamId)), { recursive: true, force: true })
      await state.forgetTeam()
      tagKeys.use(null)
      this.#tell()
    })
  }

  /** Called when anything changed that the team says of itself, and when one was entered or left. */
  onChange(listener: () => void): () => void {
    this.#listeners.add(listener)
    return () => this.#listeners.delete(listener)
  }

  async close(): Promise<void> {
    await this.#exclusively(() => this.#close())
  }

  /** `isNew`: its log has been begun just now. */
  async #open(isNew = false): Promise<void> {
    const { settings, tagKeys } = this.#options
    const file = await readTeam(settings.home)
    if (!file) return
    // Nobody without a team waits for the mesh's modules.
    const { Team } = await import('./team.ts')
    tagKeys.use(teamTagsOf(file))
    const team = await Team.open({ ...this.#options, file, isNew, onLost: () => void this.#renew(team) })
    this.#team = team
    this.#teamName = file.teamName
    this.#stopListening = team.onChange(() => {
      this.#tell()
      this.#keepName(team).catch((error: unknown) => {
        this.#options.log.error({ err: error }, 'the name of the team could not be kept')
      })
    })
    if (this.#isStarted) await this.#startTeam(team)
    this.#tell()
  }

  async #startTeam(team: Team): Promise<void> {
    await team.start()
    const { history, onError } = this.#options
    if (history && team.file.backfill === 'pending') this.#backfill(team, history).catch(onError)
  }

  /** One that is cut short goes on after the next start. */
  async #backfill(team: Team, history: History): Promise<void> {
    try {
      await team.backfill(history)
    } catch (error) {
      if (this.#team !== team || (error instanceof VibeTeaError && error.code === 'feed_stopped')) return
      throw error
    }
    const { home } = this.#options.settings
    await this.#exclusively(async () => {
      if (this.#team === team) await writeTeam(home, { ...(await readTeam(home))!, backfill: 'done' })
    })
  }

  /** The team's name is known without the mesh from now on. */
  async #keepName(team: Team): Promise<void> {
    const { name } = team.status()
    if (name === null || name === this.#teamName) return
    this.#teamName = name
    const { home } = this.#options.settings
    await this.#exclusively(async () => {
      const file = this.#team === team ? await readTeam(home) : null
      if (file && file.teamName !== name) await writeTeam(home, { ...file, teamName: name })
    })
  }

  async #close(): Promise<void> {
    this.#stopListening()
    const team = this.#team
    this.#team = null
    await team?.close()
  }

  /**
   * Peers have another history of this device's log, as after a power cut or from a restored backup: it ends, and the
   * device goes on in a new one, from the last place that a peer is known to have had.
   */
  async #renew(lost: Team): Promise<void> {
    const { settings, state, notices, random, onError } = this.#options
    try {
      await this.#exclusively(async () => {
        if (this.#team !== lost) return
        await this.#close()
        const feed = await state.team.feed.load()
        const renewed = feed && renewedFeedState(feed)
        if (renewed) await state.team.feed.save(renewed.state)
        const file = (await readTeam(settings.home)) ?? lost.file
        const backfill = renewed?.needsBackfill ? 'pending' : file.backfill
        await writeTeam(settings.home, { ...file, backfill, incarnation: random(INCARNATION_BYTES) })
        notices.say(
          'warning',
          'Teammates have an end of your log that this machine lost, as after a power cut; it goes on in a new one.',
        )
        await this.#open(true)
      })
    } catch (error) {
      onError(error)
    }
  }

  #entering() {
    const { settings, sharing, state, random, timers } = this.#options
    return { home: settings.home, sharing, state, random, now: timers.now }
  }

  #require(): Team {
    if (this.#team) return this.#team
    throw noTeam()
  }

  #tell(): void {
    for (const listener of this.#listeners) listener()
  }

  #exclusively<T>(work: () => Promise<T>): Promise<T> {
    const result = this.#turn.then(work)
    this.#turn = result.catch(() => undefined) // the caller is told; the next change has its own turn
    return result
  }
}
