import { svelte } from '@sveltejs/vite-plugin-svelte'
import { defineConfig } from 'vitest/config'

const PATIENT = { testTimeout: 30_000, hookTimeout: 120_000 }
const NEEDS_BUILD = 'tests/support/needs-build.ts'
const NEEDS_CHROMIUM = 'tests/support/needs-chromium.ts'

/**
 * Four projects: parts in Node, the built commands, the built dashboard in a browser, and Svelte components in a
 * simulated page. What starts whole nodes and browsers goes by itself: two cores are soon too few.
 */
export default defineConfig({
  test: {
    projects: [
      {
        test: { ...PATIENT, name: 'node', include: ['tests/{core,node}/**/*.test.ts', 'tests/docs.test.ts'] },
      },
      {
        test: {
          ...PATIENT,
          name: 'e2e',
          include: ['tests/e2e/**/*.test.ts'],
          globalSetup: [NEEDS_BUILD],
          sequence: { groupOrder: 1 },
        },
      },
      {
        test: {
          ...PATIENT,
          name: 'browser',
          include: ['tests/browser/**/*.test.ts'],
          globalSetup: [NEEDS_BUILD, NEEDS_CHROMIUM],
          sequence: { groupOrder: 2 },
        },
      },
      {
        plugins: [svelte()],
        resolve: { conditions: ['browser'] },
        test: { name: 'ui', include: ['tests/ui/**/*.test.ts'], environment: 'happy-dom' },
      },
    ],
  },
})
