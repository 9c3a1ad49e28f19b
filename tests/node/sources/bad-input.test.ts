import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { isDeepStrictEqual } from 'node:util'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { complaints, complaintsAboutKills, sumsOf } from './fuzz/bad-input.ts'
import type { Base } from './fuzz/bases.ts'
import { basesOf, eventsOf } from './fuzz/bases.ts'
import { allFileCarriers } from './fuzz/carriers.ts'
import type { Mutant } from './fuzz/mutants.ts'
import { MUTANTS } from './fuzz/mutants.ts'
import { HARMLESS, SUMS } from './fuzz/sums.ts'

/** Cases of damage for each format; fewer find out a mutant whose sums are right. */
const RUNS = 2000
const MUTANT_RUNS = 300

const carriers = allFileCarriers()
const formats = [...new Set(carriers.map(({ format }) => format))]
let directory: string

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'vibetea-bad-input-'))
  // Some adapters look at the files beside one.
  for (const { write, records } of carriers) await write(directory, records)
})

afterAll(() => rm(directory, { recursive: true, force: true }))

describe.each(formats)('%s', (format) => {
  const own = carriers.filter((carrier) => carrier.format === format)
  const { adapter } = own[0]!
  const bases = (): Base[] => own.flatMap((carrier) => basesOf(carrier, directory))

  test('is read to the end, soundly and the same each time, however it is damaged', () => {
    expect(complaints(adapter, bases(), RUNS)).toEqual([])
  })

  test('is read past a huge record and a hundred thousand tiny ones', () => {
    for (const base of bases().slice(0, 2)) {
      const read = (records: readonly unknown[]) =>
        eventsOf(adapter, base.form, { path: base.path, bytes: base.bytesOf(records) })
      const records = base.recordsOf(base.units)
      const more = { teapot: 'y'.repeat(4_000_000), tiny: Array(100_000).fill({}) }
      const lines = [{ type: 'teapot', ...more }, ...Array<Buffer>(100_000).fill(Buffer.from('{}'))]
      const isOfLines = base.recordsOf([]).length === 0
      const [first, ...others] = records
      const longer = isOfLines ? [first, ...lines, ...others] : [{ ...(first as object), ...more }]
      expect(read(longer)).toEqual(read(records))
    }
  })

  test('comes to what its samples hold, also where the reading is broken off', async () => {
    expect(sumsOf(adapter, bases())).toEqual(SUMS[format])
    expect(await complaintsAboutKills(adapter, bases())).toEqual([])
  })

  test('finds out adapters with a mistake', async () => {
    const missed: string[] = []
    for (const mutant of MUTANTS.filter(({ name }) => !HARMLESS[format]?.includes(name))) {
      if (!(await isFound(mutant))) missed.push(mutant.name)
    }
    expect(missed).toEqual([])
  })

  async function isFound({ of }: Mutant): Promise<boolean> {
    try {
      if (!isDeepStrictEqual(sumsOf(of(adapter), bases()), SUMS[format])) return true
    } catch {
      // It throws on what is not even damaged.
      return true
    }
    if (complaints(of(adapter), bases(), MUTANT_RUNS, true).length > 0) return true
    return (await complaintsAboutKills(of(adapter), bases())).length > 0
  }
})
