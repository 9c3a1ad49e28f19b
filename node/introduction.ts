import type { Profile } from '../core/profile.ts'
import { OwnProfile } from './team/own-profile.ts'

/** The log in which a device speaks of itself. */
export interface OwnWords {
  append(updates: Uint8Array[]): Promise<void>
  /** See `OwnLog.recovered`. */
  recovered(): Promise<'ok' | 'lost'>
}

export interface IntroductionOptions {
  /** null for who has none, as a mirror. */
  log: OwnWords | null
  /** All updates that the log holds. */
  read: () => Promise<readonly Uint8Array[]>
  device: Uint8Array
  incarnation: Uint8Array
  /** What is to be said now. */
  profile: () => Profile
  /** Tries until it is stored; resolves also where the node ends before. */
  untilStored: (append: () => Promise<void>) => Promise<void>
}

/** What this device says of itself to the team: written where it is something else than what its log holds. */
export class Introduction {
  readonly #options: IntroductionOptions
  /** What was said last, as text; null before the first time, and for good where the log may not be written. */
  #said: string | null = null
  #saying: Promise<void> = Promise.resolve()

  constructor(options: IntroductionOptions) {
    this.#options = options
  }

  /** `isNew`: no peer can know more of the log than this device. */
  async begin(isNew: boolean): Promise<void> {
    const { log } = this.#options
    if (!log || (!isNew && (await log.recovered()) === 'lost')) return
    await this.#say(log)
  }

  /** Says what has changed since, if anything. */
  async keepUp(): Promise<void> {
    const { log, profile } = this.#options
    if (!log || this.#said === null || this.#said === JSON.stringify(profile())) return
    await this.#say(log)
  }

  /** One after the other: each goes on from what the one before has written. */
  #say(log: OwnWords): Promise<void> {
    const profile = this.#options.profile()
    this.#said = JSON.stringify(profile)
    return (this.#saying = this.#saying.then(() => this.#write(log, profile)))
  }

  async #write(log: OwnWords, profile: Profile): Promise<void> {
    const { read, device, incarnation, untilStored } = this.#options
    const update = new OwnProfile(device, incarnation, await read()).set(profile)
    if (update) await untilStored(() => log.append([update]))
  }
}
