import { Rule } from '../../core/rule.ts'
import { ADAPTERS } from '../../node/sources/adapters.ts'
import { readBatch } from '../../node/sources/batch.ts'
import type { SessionFolder } from '../../node/sources/directories.ts'
import { nativeBlake2b } from '../../node/sources/native-hash.ts'
import { Projects } from '../../node/sources/projects.ts'

/** Reads session files as `preview` does; the number of events. */
export async function countEvents(paths: Iterable<string | SessionFolder>): Promise<number> {
  const rule = new Rule({
    source: 'bench-ybndrf',
    idKey: new Uint8Array(32).fill(1),
    hash: nativeBlake2b,
    rules: { allowedExtensions: null, shares: () => 'private', fileTag: () => 'yyyyyyyyyyyy' },
  })
  const projects = new Projects({
    tagKey: new Uint8Array(32),
    hash: nativeBlake2b,
    homeDirectory: '/nowhere',
  })
  let count = 0
  for await (const event of readBatch(paths, { adapters: ADAPTERS, rule, projects, now: Date.now() })) {
    if (event.id !== '') count++
  }
  return count
}
