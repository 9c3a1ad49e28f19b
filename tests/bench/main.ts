import { fileURLToPath } from 'node:url'
import { benchArchiveMemory } from './archive-memory.ts'
import { benchArchiveQuery } from './archive-query.ts'
import { benchArchive } from './archive.ts'
import { benchCrowd } from './crowd.ts'
import { benchHooks } from './hooks.ts'
import { benchIdle } from './idle.ts'
import { benchIndex } from './index.ts'
import { benchLatency } from './latency.ts'
import { benchMemory } from './memory.ts'
import { benchMesh } from './mesh.ts'
import { benchPage } from './page.ts'
import { benchParse } from './parse.ts'
import { benchReplicate } from './replicate.ts'
import { smallBlocks } from './small-blocks.ts'
import type { Figure } from './table.ts'
import { printTable } from './table.ts'
import { benchTeam } from './team.ts'
import { benchWatch } from './watch.ts'

const UI_DIRECTORY = fileURLToPath(new URL('../../ui/', import.meta.url))

/** `npm run bench`, or some of them: `npm run bench parse index`; with `full` also what takes minutes. */
const BENCHES: Record<string, [title: string, bench: (isFull: boolean) => Figure[] | Promise<Figure[]>]> = {
  parse: ['Session files to events', () => benchParse()],
  memory: ['Memory', () => benchMemory()],
  latency: ['Line written to event on /ws', benchLatency],
  watch: ['Watching files', benchWatch],
  index: ['Index', () => benchIndex()],
  blocks: ['Small blocks', smallBlocks],
  page: ['Dashboard', () => benchPage(UI_DIRECTORY)],
  idle: ['Idle', benchIdle],
  hooks: ["Claude Code's hooks", benchHooks],
  team: ["Line written to event on a teammate's /ws", benchTeam],
  replicate: ['Replication', benchReplicate],
  mesh: ['Mesh', benchMesh],
  crowd: ['One node among many', benchCrowd],
  archive: ['Archive: events coming in', benchArchive],
  'archive-query': ['Archive: asking, keeping, letting go', benchArchiveQuery],
  'archive-memory': ["Archive: the archiver's memory", benchArchiveMemory],
}

const isFull = process.argv.includes('full')
const wanted = process.argv.slice(2).filter((name) => name !== 'full')
const unknown = wanted.find((name) => !(name in BENCHES))
if (unknown !== undefined) {
  console.error(`There is no benchmark "${unknown}": ${Object.keys(BENCHES).join(', ')}.`)
  process.exitCode = 2
} else {
  for (const name of wanted.length > 0 ? wanted : Object.keys(BENCHES)) {
    const [title, bench] = BENCHES[name]!
    printTable(title, await bench(isFull))
  }
}
