import { compareBytes } from '../../core/bytes.ts'
import { z32Prefix } from '../../core/hash.ts'
import type { Profile } from '../../core/profile.ts'
import { parseProfile } from '../../core/profile.ts'
import { keyText } from '../../core/secrets.ts'
import type { Writer } from '../../core/writer.ts'
import { clientIdOf, docOf, withUpdate } from './author-doc.ts'
import { PROFILE_MAP } from './own-profile.ts'

/** Whose state log it is: a device in one incarnation, as its certificate says. */
export type Author = Pick<Writer, 'device' | 'incarnation' | 'role' | 'issuedAt'>

/** A state log, as far as profiles need it. */
export interface UpdateLog {
  /** The updates that are here, in order; those that were given before may be left out. */
  read(): Promise<readonly Uint8Array[]>
  /** Called after each append. Returns how to stop. */
  onAppend(listener: () => void): () => void
}

interface Followed {
  author: Author
  log: UpdateLog
  /** z32 of the device key. */
  device: string
  clientId: number
  state: Uint8Array | null
  profile: Profile
  stop: () => void
}

/**
 * What the devices of the team say of themselves, each from its own log alone. Of a device's incarnations the one whose
 * certificate was issued last counts. At most 64 KiB are kept of each.
 */
export class Profiles {
  /** By device and incarnation. */
  readonly #followed = new Map<string, Followed>()
  readonly #listeners = new Set<() => void>()
  readonly #failed: (error: unknown) => void
  /** Updates that were refused so far. */
  refused = 0

  /** `failed` hears of a log that could not be read; its next append reads it again. */
  constructor(failed: (error: unknown) => void) {
    this.#failed = failed
  }

  /** Reads a log and goes on reading it. Resolves when what is there has been read; idempotent. */
  async follow(author: Author, log: UpdateLog): Promise<void> {
    const key = keyOf(author)
    if (this.#followed.has(key)) return
    const clientId = clientIdOf(author.device, author.incarnation)
    const device = keyText(author.device)
    const followed: Followed = {
      author,
      log,
      device,
      clientId,
      state: null,
      profile: {},
      stop: () => undefined,
    }
    this.#followed.set(key, followed)
    const read = inTurns(() => this.#read(followed), this.#failed)
    followed.stop = log.onAppend(() => void read())
    await read()
  }

  /** Forgets what a device said in one incarnation, as it is no longer of the team. */
  forget(author: Pick<Author, 'device' | 'incarnation'>): void {
    const key = keyOf(author)
    const followed = this.#followed.get(key)
    if (!followed) return
    followed.stop()
    this.#followed.delete(key)
    this.#changed()
  }

  /** What a device says of itself; null where nothing has come yet. */
  of(device: Uint8Array): Profile | null {
    const name = keyText(device)
    let latest: Followed | null = null
    for (const each of this.#followed.values()) {
      if (each.device !== name || !each.state) continue
      if (!latest || isLater(each.author, latest.author)) latest = each
    }
    return latest && latest.profile
  }

  /** The team's name, as said by that member whose first certificate is the oldest among those who say one. */
  teamName(): string | null {
    const first = new Map<string, Author>()
    for (const { author, device } of this.#followed.values()) {
      const other = first.get(device)
      if (!other || author.issuedAt < other.issuedAt) first.set(device, author)
    }
    const inOrder = [...first.values()].sort(
      (a, b) => a.issuedAt - b.issuedAt || compareBytes(a.device, b.device),
    )
    for (const { device, role } of inOrder) {
      const teamName = role === 'member' ? this.of(device)?.teamName : undefined
      if (teamName !== undefined) return teamName
    }
    return null
  }

  /** Called when anything changed that `of` or `teamName` says. Returns how to stop. */
  onChange(listener: () => void): () => void {
    this.#listeners.add(listener)
    return () => this.#listeners.delete(listener)
  }

  close(): void {
    for (const { stop } of this.#followed.values()) stop()
    this.#followed.clear()
    this.#listeners.clear()
  }

  async #read(followed: Followed): Promise<void> {
    const { author, log, clientId } = followed
    const before = followed.state
    for (const update of await log.read()) {
      const next = withUpdate(followed.state, update, clientId)
      if (next) followed.state = next
      else this.refused++
    }
    if (followed.state === before || this.#followed.get(keyOf(author)) !== followed) return
    const profile = profileOf(followed.state, author.device)
    const isNew = !before || JSON.stringify(profile) !== JSON.stringify(followed.profile)
    followed.profile = profile
    if (isNew) this.#changed()
  }

  #changed(): void {
    for (const listener of this.#listeners) listener()
  }
}

function profileOf(state: Uint8Array | null, device: Uint8Array): Profile {
  const doc = docOf(state)
  const map = doc.getMap(PROFILE_MAP)
  const profile = parseProfile((key) => map.get(key), `-${z32Prefix(device, 6)}`)
  doc.destroy()
  return profile
}

function keyOf({ device, incarnation }: Pick<Author, 'device' | 'incarnation'>): string {
  return `${keyText(device)} ${z32Prefix(incarnation, 13)}`
}

function isLater(a: Author, b: Author): boolean {
  return (
    a.issuedAt - b.issuedAt > 0 ||
    (a.issuedAt === b.issuedAt && compareBytes(a.incarnation, b.incarnation) > 0)
  )
}

/** Calls one after the other; what is asked for meanwhile is one more call. */
function inTurns(work: () => Promise<void>, failed: (error: unknown) => void): () => Promise<void> {
  let running: Promise<void> | null = null
  let isDue = false
  const run = async () => {
    while (isDue) {
      isDue = false
      await work().catch(failed)
    }
    running = null
  }
  return () => {
    isDue = true
    return (running ??= run())
  }
}
