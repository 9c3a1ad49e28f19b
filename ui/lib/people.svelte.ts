import type { MemberRow } from '../../core/api.ts'

const COLOURS = 8

/** A number from 0 to 7 that stays with a name. */
export function colourOf(name: string): number {
  let hash = 0
  for (let i = 0; i < name.length; i++) hash = (Math.imul(hash, 31) + name.charCodeAt(i)) >>> 0
  return ((hash ^ (hash >>> 11)) >>> 0) % COLOURS
}

/** One or two letters for a name. */
export function initials(name: string): string {
  const words = name.split(/[\s._-]+/).filter(Boolean)
  const letters = words.length > 1 ? [words[0]![0]!, words.at(-1)![0]!] : [(words[0] ?? '?').slice(0, 2)]
  return letters.join('').toUpperCase()
}

const MAX_NAME = 80

/** A name that someone else chose, without what turns text around or is not seen. */
function plain(name: string): string {
  return name.replace(/[\p{Cc}\p{Cf}]/gu, '').slice(0, MAX_NAME)
}

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
    return plain(this.get(source)?.name ?? source.replace(/-[a-z0-9]{6}$/, ''))
  }
}
