import type { Overlap } from '../../core/api.ts'
import { printable } from '../../core/printable.ts'
import { span } from './output.ts'
import type { NameOf } from './people.ts'

/** `You and Bruno are in the same file: invite.ts in web-app (your amber-kettle 2 min ago, Bruno's hazel-otter 1 min ago)` */
export function overlapLine(
  { kind, context, project, sessions }: Overlap,
  nameOf: NameOf,
  now: number,
): string {
  const isOwn = kind === 'own'
  const people = [...new Set(sessions.map(({ source, isSelf }) => (isSelf ? 'You' : nameOf(source))))]
  people.sort((a, b) => Number(b === 'You') - Number(a === 'You'))
  const who = isOwn ? `${sessions.length} of your own sessions` : listed(people)
  const where = sessions.map(({ source, handle, lastAt, isSelf }) => {
    const owner = isOwn ? '' : isSelf ? 'your ' : `${nameOf(source)}'s `
    return `${owner}${handle} ${span(now - Date.parse(lastAt))} ago`
  })
  return printable(`${who} are in the same file: ${context} in ${project} (${where.join(', ')})`)
}

function listed(names: readonly string[]): string {
  return names.length < 2 ? names.join('') : `${names.slice(0, -1).join(', ')} and ${names.at(-1)!}`
}

/** Those with teammates first. */
export function overlapLines(overlaps: readonly Overlap[], nameOf: NameOf, now: number): string[] {
  const ordered = overlaps.toSorted((a, b) => Number(b.kind === 'team') - Number(a.kind === 'team'))
  return ordered.map((overlap) => overlapLine(overlap, nameOf, now))
}

/** Tells of each two sessions in a file once. */
export class OverlapNews {
  readonly #told = new Set<string>()

  /** Those of the overlaps in which two sessions meet that had not met before. */
  of(overlaps: readonly Overlap[]): Overlap[] {
    return overlaps.filter((overlap) => {
      const pairs = pairsOf(overlap).filter((pair) => !this.#told.has(pair))
      for (const pair of pairs) this.#told.add(pair)
      return pairs.length > 0
    })
  }
}

function pairsOf({ fileTag, sessions }: Overlap): string[] {
  const ids = sessions.map(({ source, sessionId }) => `${source}/${sessionId}`).sort()
  return ids.flatMap((id, i) => ids.slice(i + 1).map((other) => `${fileTag} ${id} ${other}`))
}
