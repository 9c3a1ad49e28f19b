import type { StatsAnswer, StatsBy } from '../../core/api.ts'
import type { Api, Params } from './api.ts'
import { Load } from './load.svelte.ts'

const GROUPS = ['day', 'project', 'model', 'assistant', 'tool'] as const satisfies readonly StatsBy[]

/** What the screen asks for. */
export interface UsageQuery {
  days: number
  tz: string
  dayStart: number
  /** Whose; everyone's where not said. */
  source: string | undefined
}

export type UsageAnswers = Record<(typeof GROUPS)[number], StatsAnswer>

/** Counts of some days in all groupings that the screen shows, of one moment each time. */
export class Usage {
  answers = $state.raw<UsageAnswers | null>(null)
  readonly load: Load
  #query: UsageQuery | null = null

  constructor(api: Pick<Api, 'get'>) {
    this.load = new Load(async () => {
      const query = this.#query
      if (!query) return
      const answers = await Promise.all(
        GROUPS.map((by) => api.get<StatsAnswer>('stats', { ...query, by } satisfies Params)),
      )
      // Meanwhile something else may have been asked for.
      if (query !== this.#query) return
      this.answers = Object.fromEntries(GROUPS.map((by, i) => [by, answers[i]!])) as UsageAnswers
    })
  }

  /** Asks for it; what was shown before stays until it comes. */
  ask(query: UsageQuery): void {
    this.#query = query
    void this.load.run()
  }

  stop(): void {
    this.#query = null
    this.load.stop()
  }
}
