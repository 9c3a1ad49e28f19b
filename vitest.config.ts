import { svelte } from '@sveltejs/vite-plugin-svelte'
import { defineConfig } from 'vitest/config'

const NODE_TESTS = ['tests/{core,node,e2e,browser}/**/*.test.ts']

/** Two projects: what runs in Node, and Svelte components in a simulated page. */
export default defineConfig({
  test: {
    projects: [
      {
        test: {
          name: 'node',
          include: NODE_TESTS,
          testTimeout: 30_000,
          hookTimeout: 120_000,
          globalSetup: ['tests/support/global-setup.ts'],
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
