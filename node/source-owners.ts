import { keyText } from '../core/secrets.ts'

/** A device that uses more labels than this shows only the first: a machine is renamed now and then, not all the time. */
const MAX_LABELS = 8
const KEPT_AS = 'sourceOwners'

/** Where it is kept: single values by name. */
export interface KeptValues {
  get(key: string): Promise<string | null>
  set(key: string, value: string): Promise<void>
}

/**
 * Which device each `source` is of: the first that used it here. A label ends in six characters of the device's key, which
 * somebody could find another key for.
 */
export class SourceOwners {
  readonly #owners: Map<string, string>
  readonly #kept: KeptValues
  readonly #onError: (error: unknown) => void
  #turn: Promise<void> = Promise.resolve()
  /** Labels that were refused so far. */
  refused = 0

  private constructor(owners: Map<string, string>, kept: KeptValues, onError: (error: unknown) => void) {
    this.#owners = owners
    this.#kept = kept
    this.#onError = onError
  }

  /** `own` is this device's label. `onError` hears of what could not be kept. */
  static async load(
    kept: KeptValues,
    own: { source: string; device: string },
    onError: (error: unknown) => void,
  ): Promise<SourceOwners> {
    const text = await kept.get(KEPT_AS)
    const owners = new Map(text === null ? [] : (JSON.parse(text) as [string, string][]))
    owners.set(own.source, own.device)
    return new SourceOwners(owners, kept, onError)
  }

  /** Whether a label is the device's, as it also is where nobody has used it before. `device` is its key. */
  bind(source: string, device: Uint8Array): boolean {
    const name = keyText(device)
    const owner = this.#owners.get(source)
    const labels =
      owner === undefined ? [...this.#owners.values()].filter((other) => other === name).length : 0
    if (owner === name) return true
    if (owner !== undefined || labels >= MAX_LABELS) {
      this.refused++
      return false
    }
    this.#owners.set(source, name)
    this.#turn = this.#turn.then(() => this.#save()).catch(this.#onError)
    return true
  }

  /** Resolves when all is kept. */
  async flush(): Promise<void> {
    await this.#turn
  }

  #save(): Promise<void> {
    return this.#kept.set(KEPT_AS, JSON.stringify([...this.#owners]))
  }
}
