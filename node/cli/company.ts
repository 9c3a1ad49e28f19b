import type { MemberRow, MembersAnswer, OverlapsAnswer } from '../../core/api.ts'
import { VibeTeaError } from '../../core/errors.ts'
import { printable } from '../../core/printable.ts'
import type { Client } from './client.ts'
import type { Output } from './output.ts'
import { localTime } from './output.ts'
import { overlapLine, OverlapNews } from './overlap-lines.ts'
import type { NameOf } from './people.ts'
import { alsoHere, hereWords, namesOf } from './people.ts'

/** Who is there beside the feed: names for sources, who comes and goes, and who is in one file with whom. */
export class Company {
  readonly #client: Pick<Client, 'get'>
  readonly #output: Pick<Output, 'out'>
  readonly #news = new OverlapNews()
  #members: readonly MemberRow[]
  #nameOf: NameOf
  #asking: Promise<void> | null = null
  #isStale = false

  private constructor(
    client: Pick<Client, 'get'>,
    output: Pick<Output, 'out'>,
    members: readonly MemberRow[],
  ) {
    this.#client = client
    this.#output = output
    this.#members = members
    this.#nameOf = namesOf(members)
  }

  /** Says who is here now. */
  static async of(client: Pick<Client, 'get'>, output: Pick<Output, 'out'>): Promise<Company> {
    const { members } = await client.get<MembersAnswer>('/api/members')
    for (const line of alsoHere(members, new Set())) output.out(printable(line))
    return new Company(client, output, members)
  }

  get nameOf(): NameOf {
    return this.#nameOf
  }

  /** Takes everyone as they are now, and tells who has come and who has gone. */
  tellPresence(members: readonly MemberRow[]): void {
    const before = new Map(this.#members.map((member) => [member.device, member.presence !== 'offline']))
    this.#members = members
    this.#nameOf = namesOf(members)
    for (const member of members) {
      const isHere = member.presence !== 'offline'
      if (member.isSelf || isHere === (before.get(member.device) ?? false)) continue
      this.#say(`${this.nameOf(member.source)} ${isHere ? `is here (${hereWords(member)})` : 'has gone'}`)
    }
  }

  /** Tells each overlap as it begins; asks once more where this is called while it asks. */
  tellOverlaps(): Promise<void> {
    this.#isStale = true
    this.#asking ??= this.#askWhileStale().finally(() => (this.#asking = null))
    return this.#asking
  }

  async #askWhileStale(): Promise<void> {
    while (this.#isStale) {
      this.#isStale = false
      try {
        const { overlaps } = await this.#client.get<OverlapsAnswer>('/api/overlaps')
        const now = Date.now()
        for (const overlap of this.#news.of(overlaps)) this.#say(overlapLine(overlap, this.nameOf, now))
      } catch (error) {
        // A node that has stopped ends the feed too, which says so.
        if (!(error instanceof VibeTeaError)) throw error
      }
    }
  }

  #say(sentence: string): void {
    this.#output.out(printable(`${localTime(Date.now())}  ${sentence}`))
  }
}
