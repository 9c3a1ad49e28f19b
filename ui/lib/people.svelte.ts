import type { MemberRow } from '../../core/api.ts'
import { plain } from './text.ts'

const COLOURS = 8

/** A number from 0 to 7 that stays with a name. */
export function colourOf(name: string): number {
  let hash = 0
  for (let i = 0; i < name.length; i++) hash = (Math.imul(hash, 31) + name.charCodeAt(i)) >>> 0
  return ((hash ^ (hash >>> 11)) >>> 0) % COLOURS
}

const MAX_NAME = 80

/** Who is behind a source. */
export class People {
  members = $state.raw<MemberRow[]>([])
  readonly #bySource = $derived(new Map(this.members.map((member) => [member.source, member])))
  readonly own: MemberRow | undefined = $derived(this.members.find(({ isSelf }) => isSelf))

  get(source: string): MemberRow | undefined {
    return this.#bySource.get(source)
  }

  /** A member's name, else the source without the device's letters. */
  name(source: string): string {
    return plain(this.get(source)?.name ?? source.replace(/-[a-z0-9]{6}$/, ''), MAX_NAME)
  }
}
