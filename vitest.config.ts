import { svelte } from '@sveltejs/vite-plugin-svelte'
import { defineConfig } from 'vitest/config'
import { BaseSequencer, type TestSpecification } from 'vitest/node'

const LEFT_AS_FOUND = 'tests/support/left-as-found.ts'
/** Files share a worker's modules, as loading them anew for each takes longer than most files' tests. */
const COMMON = {
  testTimeout: 30_000,
  hookTimeout: 120_000,
  isolate: false,
  setupFiles: [LEFT_AS_FOUND],
}
const NEEDS_BUILD = 'tests/support/needs-build.ts'
const NEEDS_STACK = 'tests/support/needs-stack.ts'
const NEEDS_CHROMIUM = 'tests/support/needs-chromium.ts'

/** The files that take longest, each project's. */
const LONG = [
  /browser\/.*\.test\.ts$/,
  /e2e\/(team-lost|hostile-peers|node|commands|team-killed|team-apart|team-sharing|assistants)\.test\.ts$/,
  /node\/sources\/(bad-database|bad-input|codex|copilot|corpus|databases|gemini|privacy)\.test\.ts$/,
  /node\/(demo\/replay|log\/remote-log|mesh\/simulation|mesh-net\/killed)\.test\.ts$/,
]

/** Begins with the files that take long, so that in the end no worker is left alone with one of them. */
class LongFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const isLong = ({ moduleId }: TestSpecification) => LONG.some((long) => long.test(moduleId))
    const sorted = await super.sort(files)
    return [...sorted.filter(isLong), ...sorted.filter((file) => !isLong(file))]
  }
}

/**
 * PostgREST comes for one system only in a package. What needs the Supabase CLI, which is 135 MB, runs when it is asked
 * for: `npm run test:supabase-cli`.
 */
const STACK =
  process.platform === 'linux' && process.arch === 'x64'
    ? [
        {
          test: {
            ...COMMON,
            name: 'stack',
            include: [
              process.env.VIBETEA_SUPABASE_CLI ? 'tests/stack/cli/*.test.ts' : 'tests/stack/*.test.ts',
            ],
            globalSetup: [NEEDS_STACK],
            sequence: { groupOrder: 1 },
          },
        },
      ]
    : []

/**
 * Five projects: parts in Node, the built commands, the built dashboard in a browser, the archive in real servers, and
 * Svelte components in a simulated page. What starts whole nodes and browsers goes by itself, after the parts.
 */
export default defineConfig({
  test: {
    // Vitest leaves one core idle where nothing is said, which is half of two.
    maxWorkers: '100%',
    sequence: { sequencer: LongFirst },
    projects: [
      {
        test: {
          ...COMMON,
          name: 'node',
          include: ['tests/{core,node,archive}/**/*.test.ts', 'tests/docs.test.ts'],
        },
      },
      {
        test: {
          ...COMMON,
          name: 'e2e',
          include: ['tests/e2e/**/*.test.ts'],
          globalSetup: [NEEDS_BUILD],
          sequence: { groupOrder: 1 },
        },
      },
      {
        test: {
          ...COMMON,
          name: 'browser',
          include: ['tests/browser/**/*.test.ts'],
          globalSetup: [NEEDS_BUILD, NEEDS_CHROMIUM],
          sequence: { groupOrder: 1 },
        },
      },
      ...STACK,
      {
        plugins: [svelte()],
        resolve: { conditions: ['browser'] },
        test: {
          ...COMMON,
          name: 'ui',
          include: ['tests/ui/**/*.test.ts'],
          environment: 'happy-dom',
          setupFiles: [LEFT_AS_FOUND, 'tests/ui/left-as-found.ts'],
        },
      },
    ],
  },
})
