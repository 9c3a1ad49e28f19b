import type * as Y from 'yjs'
import type { Profile } from '../../core/profile.ts'
import { clientIdOf, docOf, withUpdate } from './author-doc.ts'

/** The map of the document in which a profile stands. */
export const PROFILE_MAP = 'profile'

/** This device's own profile, as the updates of its own log make it. */
export class OwnProfile {
  readonly #doc: Y.Doc

  /**
   * `updates` are all that the device's own log of this incarnation holds: a restored home that wrote without them would
   * use clocks again that peers know already, and what it says would be taken by nobody. Updates that do not fit are
   * left out.
   */
  constructor(device: Uint8Array, incarnation: Uint8Array, updates: readonly Uint8Array[]) {
    const clientId = clientIdOf(device, incarnation)
    let state: Uint8Array | null = null
    for (const update of updates) state = withUpdate(state, update, clientId) ?? state
    this.#doc = docOf(state)
    // Only now: Yjs takes another id where it meets its own in what it applies.
    this.#doc.clientID = clientId
  }

  /** Says what is given and takes back what is not. The update to append; null where nothing changed. */
  set(profile: Profile): Uint8Array | null {
    const map = this.#doc.getMap(PROFILE_MAP)
    let update: Uint8Array | null = null
    const keep = (bytes: Uint8Array) => (update = bytes)
    this.#doc.on('update', keep)
    this.#doc.transact(() => {
      const values = new Map<string, unknown>(Object.entries(profile))
      for (const key of map.keys()) if (!values.has(key)) map.delete(key)
      for (const [key, value] of values) if (map.get(key) !== value) map.set(key, value)
    })
    this.#doc.off('update', keep)
    return update
  }
}
