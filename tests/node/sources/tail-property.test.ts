import {
  appendFileSync,
  existsSync,
  readFileSync,
  renameSync,
  rmSync,
  truncateSync,
  writeFileSync,
} from 'node:fs'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { LineSplitter } from '../../../node/sources/lines.ts'
import { TailRig, until } from './tail-rig.ts'

const file = fc.constantFrom('a.jsonl', 'b.jsonl')
const step = fc.oneof(
  { weight: 12, arbitrary: fc.record({ append: file, cuts: fc.array(fc.nat(9)) }) },
  { weight: 3, arbitrary: fc.constant('settle' as const) },
  { weight: 2, arbitrary: fc.constant('restart' as const) },
  { weight: 1, arbitrary: fc.record({ truncate: file, percent: fc.nat(99) }) },
  { weight: 1, arbitrary: fc.record({ replace: file }) },
  { weight: 1, arbitrary: fc.record({ remove: file }) },
)
type Step = typeof step extends fc.Arbitrary<infer Value> ? Value : never

/** Does things to files as assistants and people do, and remembers what was handed over. */
class Story {
  readonly rig = new TailRig()
  readonly #earlier = new Set<string>()
  /** Files that were tampered with: their lines may be handed over again. */
  readonly #tampered = new Set<string>()
  #lines = 0

  async play(step: Step): Promise<void> {
    if (step === 'settle') await this.settle()
    else if (step === 'restart') await this.#restart()
    else if ('append' in step) await this.#append(this.rig.path(step.append), step.cuts)
    else this.#tamper(step)
  }

  /** Waits until every whole line that stands in a file has been handed over. */
  async settle(): Promise<void> {
    const missing = () =>
      ['a.jsonl', 'b.jsonl']
        .flatMap((name) => this.#standing(name))
        .filter((line) => !this.#earlier.has(line) && !this.rig.sink.news.includes(line))
    await until(
      () => missing().length === 0,
      () => ({ missing: missing(), calls: this.rig.sink.calls }),
    )
  }

  /** Of files that were only appended to, the lines handed over more than once. */
  repeated(): string[] {
    const { news } = this.rig.sink
    return news.filter(
      (line, i) =>
        !this.#tampered.has(line.split('@')[0]!) && (this.#earlier.has(line) || news.indexOf(line) !== i),
    )
  }

  #standing(name: string): string[] {
    if (!existsSync(this.rig.path(name))) return []
    const lines = new LineSplitter().push(readFileSync(this.rig.path(name)))
    return lines.map(({ start, bytes }) => `${name}@${start} ${bytes.toString()}`)
  }

  async #restart(): Promise<void> {
    const { sink } = this.rig
    await this.rig.restarted()
    for (const line of sink.news) this.#earlier.add(line)
  }

  async #append(path: string, cuts: readonly number[]): Promise<void> {
    const line = this.#hardLine()
    let from = 0
    for (const cut of cuts.toSorted((a, b) => a - b)) {
      appendFileSync(path, line.subarray(from, cut))
      from = cut
      if (cut % 3 === 0) await new Promise((resolve) => setImmediate(resolve))
    }
    appendFileSync(path, line.subarray(from))
  }

  #tamper(step: Exclude<Step, string | { append: string }>): void {
    const name = 'truncate' in step ? step.truncate : 'replace' in step ? step.replace : step.remove
    const path = this.rig.path(name)
    if (!existsSync(path)) return
    this.#tampered.add(name)
    if ('truncate' in step) {
      truncateSync(path, Math.floor((readFileSync(path).length * step.percent) / 100))
    } else if ('replace' in step) {
      writeFileSync(this.rig.path('new'), this.#hardLine())
      renameSync(this.rig.path('new'), path)
    } else rmSync(path)
  }

  /** A line that never was before, with what is hard about bytes. */
  #hardLine(): Buffer {
    const n = this.#lines++
    const filling = ['', 'é', '😀', '\ufeff', '\r', ' '.repeat(70)][n % 6]!
    return Buffer.from(`{"n":${n}${filling}}${n % 3 === 0 ? '\r\n' : '\n'}`)
  }
}

test('whatever happens to files, no line is missed, and none repeated of a file that only grew', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 40 }), fc.boolean(), async (steps, hasBom) => {
      const story = new Story()
      try {
        if (hasBom) writeFileSync(story.rig.path('a.jsonl'), '\ufeff')
        await story.rig.started()
        for (const step of steps) await story.play(step)
        await story.settle()
        expect(story.repeated()).toEqual([])
      } finally {
        await story.rig.end()
      }
    }),
    { numRuns: 100, endOnFailure: true },
  )
})
